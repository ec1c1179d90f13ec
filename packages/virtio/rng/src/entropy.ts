/** Fills bytes with randomness. */
export type Entropy = (into: Uint8Array) => void;

/** `crypto.getRandomValues` gives at most this much in one call, and takes no shared memory. */
const MOST = 65_536;

/** The random source of the host. */
export const hostEntropy: Entropy = (into) => {
  for (let at = 0; at < into.length; at += MOST) {
    const piece = new Uint8Array(Math.min(MOST, into.length - at));
    crypto.getRandomValues(piece);
    into.set(piece, at);
  }
};

/** The same bytes for the same seed (splitmix32): good for runs that must repeat, and for nothing that must be secret. */
export const seededEntropy = (seed: number): Entropy => {
  let state = seed >>> 0;
  return (into) => {
    for (let at = 0; at < into.length; at++) {
      state = (state + 0x9e37_79b9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
      into[at] = mixed ^ (mixed >>> 15);
    }
  };
};
