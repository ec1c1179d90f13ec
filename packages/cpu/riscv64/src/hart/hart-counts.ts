/** What a hart did. `traps`: by cause, from 64 on interrupts; `translated`, `entries`: 0 when they are not counted. */
export interface HartCounts {
  readonly retired: number;
  /** Instructions attempted in translated code, and entries to it from the interpreter. */
  readonly translated: number;
  readonly entries: number;
  readonly traps: Float64Array;
}

export const NOTHING_COUNTED: HartCounts = { retired: 0, translated: 0, entries: 0, traps: new Float64Array(128) };

export const added = (a: HartCounts, b: HartCounts): HartCounts => ({
  retired: a.retired + b.retired,
  translated: a.translated + b.translated,
  entries: a.entries + b.entries,
  traps: a.traps.map((count, cause) => count + b.traps[cause]),
});
