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
