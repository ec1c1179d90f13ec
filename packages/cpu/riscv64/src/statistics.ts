import type { CoreStatistics } from '@vivarium/contracts';
import { ExceptionCause, InterruptCause } from '@vivarium/isa-riscv';
import { added, FIRST_INTERRUPT, NOTHING_COUNTED } from './hart/hart-counts.ts';
import type { RiscvHart } from './hart/hart.ts';
import type { Translator } from './translate/translator.ts';

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(ExceptionCause).map(([name, cause]) => [cause, name] as const),
  ...Object.entries(InterruptCause).map(([name, cause]) => [cause + FIRST_INTERRUPT, `${name} interrupt`] as const),
]);

/** Sums up what the harts and the translator counted. `counted`: whether instructions in translated code were. */
export const coreStatistics = (
  harts: readonly RiscvHart[],
  translator: Translator | undefined,
  counted: boolean,
): CoreStatistics => {
  const counts = harts.map((hart) => hart.counts).reduce(added, NOTHING_COUNTED);
  const traps = Object.fromEntries(
    [...counts.traps.entries()]
      .filter(([, count]) => count > 0)
      .map(([number, count]) => [NAMES.get(number) ?? `cause ${number}`, count]),
  );
  const { made = 0, dropped = 0, size = 0, milliseconds = 0 } = translator ?? {};
  const calls = (name: keyof RiscvHart['calls']): number => harts.reduce((total, hart) => total + hart.calls[name], 0);
  return {
    instructions: counts.retired,
    ...(counted ? { translated: counts.translated } : {}),
    translations: { made, dropped, live: made - dropped, bytes: size, milliseconds },
    misses: {
      fetch: calls('fetch'),
      load: calls('load'),
      store: calls('store') + calls('atomic'),
    },
    exits: {
      system: calls('system'),
      'floating point': calls('float'),
      decode: calls('decode'),
      'one instruction apart': calls('apart'),
      ...(counted ? { 'interpreter to region': counts.entries } : {}),
    },
    traps,
  };
};
