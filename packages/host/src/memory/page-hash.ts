// Hot code: every idle page of every guest passes here while pages are shared.

/** Numbers below 2^53; equal for equal pages, and rarely for others. Whoever shares pages compares them. */
export const NOTHING_BUT_ZEROES = 0;

/** Of the page at an index of 32-bit words; {@link NOTHING_BUT_ZEROES} for one that is. */
export const pageHash = (words: Int32Array, from: number, count: number): number => {
  let one = 0x2545f491;
  let other = 0x6c078965;
  let all = 0;
  for (let at = from; at < from + count; at += 1) {
    const word = words[at] ?? 0;
    all |= word;
    one = Math.imul(one ^ word, 0x9e3779b1);
    one ^= one >>> 15;
    other = Math.imul(((other << 5) | (other >>> 27)) ^ word, 0x85ebca6b);
  }
  if (all === 0) return NOTHING_BUT_ZEROES;
  return (one >>> 0) * 0x20_0000 + (other >>> 11) || 1;
};
