import { type CoreStatistics, CpuCoreToken, MachineMemoryToken } from '@vivarium/contracts';
import type { CellStats } from '@vivarium/host';
import type { Machine } from '@vivarium/kernel';

/** What `--stats` reports. */
export interface RunStatistics extends CoreStatistics {
  /** Millions of instructions per second of host time in which the guest was not idle. */
  readonly mips: number;
  /** Bytes resident in memory: of the whole process, at most so far; and the guest's RAM. */
  readonly memory: { readonly resident: number; readonly guest: number };
}

/** Undefined when the core keeps no account. */
export const runStatistics = (machine: Machine, stats: CellStats): RunStatistics | undefined => {
  const core = machine.get(CpuCoreToken).statistics?.();
  if (core === undefined) return undefined;
  const busy = stats.wallMilliseconds - stats.idleMilliseconds;
  return {
    ...core,
    mips: busy > 0 ? core.instructions / busy / 1000 : 0,
    memory: { resident: process.resourceUsage().maxRSS * 1024, guest: machine.get(MachineMemoryToken).size },
  };
};

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(', ');

/** The report as lines of text. */
export const statisticsText = (statistics: RunStatistics): string => {
  const { instructions, translated, translations, misses, exits, traps, mips, memory } = statistics;
  const each = (value: number): string => ((value * 1000) / Math.max(instructions, 1)).toFixed(2);
  const rows: readonly (readonly [string, string])[] = [
    ['instructions', `${count(instructions)}, ${mips.toFixed(0)} MIPS`],
    ...(translated === undefined
      ? []
      : [['translated', `${((translated * 100) / Math.max(instructions, 1)).toFixed(1)}% of instructions`] as const]),
    [
      'translations',
      `${count(translations.made)} made in ${translations.milliseconds.toFixed(0)} ms, ` +
        `${count(translations.dropped)} dropped, ${count(translations.live)} live with ${megabytes(translations.bytes)}`,
    ],
    [
      'TLB misses',
      `fetch ${each(misses.fetch)}, load ${each(misses.load)}, store ${each(misses.store)} in 1000 instructions`,
    ],
    ['exits', list(exits)],
    ['traps', list(traps)],
    ['memory', `${megabytes(memory.resident)} resident at most; guest RAM is ${megabytes(memory.guest)}`],
  ];
  return rows.map(([name, text]) => `viv: ${name.padEnd(13)} ${text}\n`).join('');
};
