import { createHost, type Host, type HostedMachine, inlineCells, type MachineDescription } from '@vivarium/host';
import { processCells, workerCells } from '@vivarium/host/node';
import { COUNTS, type Footprint, residentSet, settled } from './footprint.ts';
import type { DebianOptions } from './machines.ts';

export const KINDS = ['inline', 'worker', 'process'] as const;
export type Kind = (typeof KINDS)[number];

/** What one sequence of rounds left behind. */
export interface Row {
  readonly cell: Kind;
  readonly guest: string;
  readonly rounds: number;
  readonly before: Footprint;
  readonly after: Footprint;
  /** Kibibytes: the median of the first and of the last third of the rounds. */
  readonly resident: readonly [number, number];
  readonly leaks: readonly string[];
}

export interface Rounds {
  readonly cell: Kind;
  readonly rounds: number;
  /** Folder for process cells. */
  readonly folder: string;
  /** Runs Debian; the guest on bare metal otherwise. */
  readonly debian?: DebianOptions;
}

const MACHINES = new URL('./machines.ts', import.meta.url).href;
/** Rounds before the baseline: engines compile, pools and caches fill. */
const WARM_UP = 5;
/** Kibibytes between the first and the last third that are no trend: what allocators keep comes and goes. */
const NOISE = 12 * 1024;
/** Kibibytes a round that are none. */
const NOISE_A_ROUND = 64;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Resolves when the guest has written this. */
const written = (machine: HostedMachine, text: string): Promise<void> =>
  new Promise((resolve) => {
    let seen = '';
    const view = machine.console('console0').attach({
      output: (piece) => {
        seen += new TextDecoder().decode(piece);
        if (!seen.includes(text)) return;
        resolve();
        queueMicrotask(() => view.detach());
      },
    });
  });

/** Ways to run and end a machine on bare metal; every round takes the next. */
const LIVES: readonly ((machine: HostedMachine) => Promise<unknown>)[] = [
  async (machine) => {
    machine
      .console('console0')
      .attach({ output: () => {} })
      .send(bytes('hello.'));
    await machine.start();
    await machine.ended();
  },
  async (machine) => {
    await machine.start();
    const answer = written(machine, 'are you there');
    machine
      .console('console0')
      .attach({ output: () => {} })
      .send(bytes('are you there'));
    await answer;
    await machine.stop();
  },
  async (machine) => {
    await machine.start();
    machine
      .console('console0')
      .attach({ output: () => false }, { slow: 'hold' })
      .send(bytes('die!'));
    await machine.ended();
    await machine.start();
    await machine.kill();
  },
  async (machine) => {
    await machine.start();
    await machine.pause();
    await machine.measure();
    await machine.resume();
    await machine.reset();
    await machine.destroy();
  },
  // It is destroyed before it ever runs.
  async () => {},
];

const round = async (host: Host, { cell, debian }: Rounds, number: number): Promise<void> => {
  const crash = debian === undefined && cell !== 'inline' && number % (LIVES.length + 1) === LIVES.length;
  const description: MachineDescription = {
    name: 'm',
    cell,
    recipe: {
      module: MACHINES,
      export: debian !== undefined ? 'debian' : crash ? 'crashing' : 'obedient',
      options: debian,
    },
  };
  const machine = await host.create(description).catch((error: unknown) => {
    if (crash) return undefined; // it may be faster than its creation
    throw error;
  });
  if (machine === undefined) return;
  if (debian !== undefined || crash) {
    await machine.start().catch(() => {}); // a crash comes when it comes
    await machine.ended();
  } else await LIVES[number % LIVES.length]?.(machine);
  await machine.destroy();
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const leaksOf = (before: Footprint, after: Footprint, [first, last]: readonly [number, number], rounds: number) => [
  ...COUNTS.filter((count) => after[count] > before[count]).map((count) => `${after[count] - before[count]} ${count}`),
  ...(last - first > NOISE + NOISE_A_ROUND * rounds ? [`${Math.round((last - first) / rounds)} KiB a round`] : []),
];

/** Creates, runs and destroys a machine so many times, and compares what the process holds before and after. */
export const measureRounds = async (asked: Rounds): Promise<Row> => {
  const { cell, rounds, folder, debian } = asked;
  const kinds = { inline: inlineCells, worker: workerCells, process: () => processCells({ folder }) } as const;
  const resident: number[] = [];
  const host = createHost({ kinds: [kinds[cell]()], deadlines: { silence: 60_000 } });
  for (let number = 0; number < (debian === undefined ? WARM_UP : 1); number++) await round(host, asked, number);
  const before = await settled([folder]);
  for (let number = 0; number < rounds; number++) {
    await round(host, asked, number);
    resident.push(residentSet());
  }
  const after = await settled([folder], before);
  await host[Symbol.asyncDispose]();
  const third = Math.max(Math.floor(rounds / 3), 1);
  const trend = [median(resident.slice(0, third)), median(resident.slice(-third))] as const;
  const guest = debian === undefined ? 'bare metal' : 'Debian';
  return { cell, guest, rounds, before, after, resident: trend, leaks: leaksOf(before, after, trend, rounds) };
};
