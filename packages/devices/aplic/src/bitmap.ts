// Hot path: called for each change of a wire.

/** Whether source `number` is in a bitmap of 32-bit words. */
export const has = (bitmap: Uint32Array, number: number): boolean =>
  ((bitmap[number >> 5] ?? 0) & (1 << (number & 31))) !== 0;

/** Puts source `number` into a bitmap, or takes it out. */
export const put = (bitmap: Uint32Array, number: number, on: boolean): void => {
  const word = number >> 5;
  const bit = 1 << (number & 31);
  bitmap[word] = on ? (bitmap[word] ?? 0) | bit : (bitmap[word] ?? 0) & ~bit;
};

/** Calls `visit` for each bit that is set in `bits`, word `word` of a bitmap. */
export const eachBit = (word: number, bits: number, visit: (number: number) => void): void => {
  let left = bits;
  while (left !== 0) {
    visit((word << 5) | (31 - Math.clz32(left & -left)));
    left &= left - 1;
  }
};
