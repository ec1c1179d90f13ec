import fc from 'fast-check';
import type { InstructionRow } from '../src/index.ts';

/** Random words of one row. */
export const wordsOf = (row: InstructionRow): fc.Arbitrary<number> =>
  fc
    .integer({ min: 0, max: 0xffffffff })
    .map((random) => ((random & ~row.mask) | row.match) >>> 0)
    .filter((word) => !row.hasRoundingMode || ![5, 6].includes((word >>> 12) & 7));
