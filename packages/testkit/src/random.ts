/** Whole numbers below `limit` (at most 2^32), the same sequence for the same seed. */
export type Random = (limit: number) => number;

/** Xorshift with the shifts 13, 17 and 5 (G. Marsaglia, Journal of Statistical Software 8/14, 2003). */
export const seededRandom = (seed: number): Random => {
  // Zero is the one state that never changes.
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
};
