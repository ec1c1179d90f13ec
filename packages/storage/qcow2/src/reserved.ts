/** A range of bytes of the file that no cluster of data or new table may lie in. */
export interface ReservedRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * Whether clusters at `offset` would lie on the header or a table of fixed place. In a sound image none does; a hostile
 * one must not make us write data of the guest over its header.
 */
export const overlapsReserved = (ranges: readonly ReservedRange[], offset: number, length: number): boolean => {
  for (const range of ranges) if (offset < range.offset + range.length && range.offset < offset + length) return true;
  return false;
};
