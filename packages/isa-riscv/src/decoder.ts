// Hot: decode() runs once per translated or first-interpreted instruction; typed arrays, no allocation after creation.
import { createCompressedTable } from './compressed.ts';
import { formats } from './format.ts';
import { immediateOf } from './immediate.ts';
import { instructions } from './instructions.ts';

export interface Decoder {
  /** Number of the row of a 32-bit encoding, or −1 when it is illegal or reserved. `word` may be signed or unsigned. */
  decode(word: number): number;
  /** The immediate of `word` in the format of row number `row`: a signed 32-bit number, see {@link ImmediateKind}. */
  immediate(row: number, word: number): number;
  /** The 32-bit encoding (unsigned) that a 16-bit one stands for, or 0 when it is illegal or reserved. */
  expandCompressed(half: number): number;
}

/** Bits [31:25], [14:12] and [6:2], where all opcodes of ours differ but for the register fields used as opcodes. */
const KEY_COUNT = 1 << 15;
const keyOf = (word: number): number => ((word >>> 25) << 8) | ((word >>> 7) & 0xe0) | ((word >>> 2) & 0x1f);
const KEY_ROUNDING_MODE = 5;

/** Builds the decoding tables (about 400 KiB); share one decoder among the harts of a machine. */
export const createDecoder = (): Decoder => {
  const buckets = new Map<number, number[]>();
  instructions.forEach((row, index) => {
    const free = keyOf(~row.mask) & (KEY_COUNT - 1);
    const fixed = keyOf(row.match);
    for (let subset = free; ; subset = (subset - 1) & free) {
      const key = fixed | subset;
      const roundingMode = (key >>> KEY_ROUNDING_MODE) & 7;
      // Rounding modes 5 and 6 are reserved (chapter "F", table of rounding modes).
      if (!row.hasRoundingMode || (roundingMode !== 5 && roundingMode !== 6)) {
        const bucket = buckets.get(key);
        if (bucket === undefined) buckets.set(key, [index]);
        else bucket.push(index);
      }
      if (subset === 0) break;
    }
  });

  // Buckets with equal contents share their place in `candidates`, a list of runs that end with −1.
  const starts = new Int32Array(KEY_COUNT);
  const runs = new Map<string, number>();
  const candidates: number[] = [-1];
  for (const [key, bucket] of buckets) {
    bucket.sort(
      (a, b) => Number(instructions[b]?.specializes !== undefined) - Number(instructions[a]?.specializes !== undefined),
    );
    const name = bucket.join();
    let start = runs.get(name);
    if (start === undefined) {
      start = candidates.length;
      runs.set(name, start);
      candidates.push(...bucket, -1);
    }
    starts[key] = start;
  }
  const list = Int16Array.from(candidates);
  const masks = Int32Array.from(instructions, (row) => row.mask | 0);
  const matches = Int32Array.from(instructions, (row) => row.match | 0);
  const immediateKinds = instructions.map((row) => formats[row.format].immediate);
  const compressed = createCompressedTable();

  return {
    decode: (word) => {
      let place = starts[keyOf(word)] ?? 0;
      for (;;) {
        const row = list[place] ?? -1;
        if (row === -1 || (word & (masks[row] ?? 0)) === matches[row]) return row;
        place += 1;
      }
    },
    immediate: (row, word) => immediateOf(immediateKinds[row] ?? 'none', word),
    expandCompressed: (half) => compressed[half & 0xffff] ?? 0,
  };
};
