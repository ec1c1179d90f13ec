import { ExceptionCause } from '@vivarium/isa-riscv';
import type { HartState } from '../state/hart-state.ts';
import { STATE_REGION_CALLS, STATE_TRANSLATED } from '../state/layout.ts';

/** Traps are numbered by their cause, interrupts from here on. */
export const FIRST_INTERRUPT = 64;
export const TRAP_NUMBERS = 2 * FIRST_INTERRUPT;

/** What a hart did. `traps`: by number; `translated`, `entries`: 0 when they are not counted. */
export interface HartCounts {
  readonly retired: number;
  /** Instructions attempted in translated code, and entries to it from the interpreter. */
  readonly translated: number;
  readonly entries: number;
  readonly traps: Float64Array;
}

/** A hart that did nothing. */
export const NOTHING_COUNTED: HartCounts = {
  retired: 0,
  translated: 0,
  entries: 0,
  traps: new Float64Array(TRAP_NUMBERS),
};

/** What two did together. */
export const added = (a: HartCounts, b: HartCounts): HartCounts => ({
  retired: a.retired + b.retired,
  translated: a.translated + b.translated,
  entries: a.entries + b.entries,
  traps: a.traps.map((count, number) => count + b.traps[number]),
});

/** Traps that TypeScript took, by number, and all exceptions. */
interface TakenTraps {
  readonly taken: Float64Array;
  readonly exceptions: number;
}

/** What a hart did since the last reset. Traps that translated code took itself are environment calls. */
export const counted = (retired: number, state: HartState, { taken, exceptions }: TakenTraps): HartCounts => {
  const traps = Float64Array.from(taken);
  const here = taken.subarray(0, FIRST_INTERRUPT).reduce((sum, count) => sum + count, 0);
  traps[ExceptionCause.EnvironmentCallFromU] += Math.max(0, exceptions - here);
  return {
    retired,
    translated: state.counter(STATE_TRANSLATED),
    entries: state.counter(STATE_REGION_CALLS),
    traps,
  };
};
