import { SECTOR_SIZE } from '@vivarium/contracts';

/** Bytes in all of `pieces`. */
export const lengthOf = (pieces: readonly Uint8Array[]): number => {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first.length;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
};

/** Whether a disk of `capacity` bytes takes a request for `length` bytes at `offset`: whole sectors, inside. */
export const isSectorRange = (offset: number, length: number, capacity: number): boolean =>
  // NaN and fractions leave a rest, and nothing is inside of a capacity that they are compared with.
  offset >= 0 &&
  length >= 0 &&
  offset % SECTOR_SIZE === 0 &&
  length % SECTOR_SIZE === 0 &&
  offset <= capacity &&
  length <= capacity - offset;
