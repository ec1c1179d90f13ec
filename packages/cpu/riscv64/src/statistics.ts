import type { CoreStatistics } from '@vivarium/contracts';
import { ExceptionCause, InterruptCause } from '@vivarium/isa-riscv';
import type { RiscvHart } from './hart/hart.ts';
import type { Translator } from './translate/translator.ts';

/** Where interrupts begin among a hart's traps. */
const INTERRUPTS = 64;

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(ExceptionCause).map(([name, cause]) => [cause, name] as const),
  ...Object.entries(InterruptCause).map(([name, cause]) => [cause + INTERRUPTS, `${name} interrupt`] as const),
]);

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);

/** Sums up what the harts and the translator counted. `counted`: whether instructions in translated code were. */
export const coreStatistics = (
  harts: readonly RiscvHart[],
  translator: Translator | undefined,
  counted: boolean,
): CoreStatistics => {
  const traps: Record<string, number> = {};
  for (const hart of harts) {
    hart.counts.traps.forEach((count, cause) => {
      if (count === 0) return;
      const name = NAMES.get(cause) ?? `cause ${cause}`;
      traps[name] = (traps[name] ?? 0) + count;
    });
  }
  const { made = 0, dropped = 0, size = 0, milliseconds = 0 } = translator ?? {};
  return {
    instructions: sum(harts, ({ counts }) => counts.retired),
    ...(counted ? { translated: sum(harts, ({ counts }) => counts.translated) } : {}),
    translations: { made, dropped, live: made - dropped, bytes: size, milliseconds },
    misses: {
      fetch: sum(harts, ({ calls }) => calls.fetch),
      load: sum(harts, ({ calls }) => calls.load),
      store: sum(harts, ({ calls }) => calls.store + calls.atomic),
    },
    exits: {
      system: sum(harts, ({ calls }) => calls.system),
      'floating point': sum(harts, ({ calls }) => calls.float),
      decode: sum(harts, ({ calls }) => calls.decode),
      'one instruction apart': sum(harts, ({ calls }) => calls.apart),
      ...(counted ? { 'interpreter to region': sum(harts, ({ counts }) => counts.entries) } : {}),
    },
    traps,
  };
};
