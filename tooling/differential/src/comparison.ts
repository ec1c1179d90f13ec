import type { Program } from './program.ts';
import { FCSR_OFFSET, FLOAT_OFFSET, RECORD_BYTES, WINDOW_BYTES } from './sequence.ts';

/** One place of the state where the worlds disagree. */
export interface Difference {
  /** `x5`, `f3`, `fcsr`, `spare`, or `window+24` (8 bytes). */
  readonly place: string;
  readonly before: bigint;
  readonly expected: bigint;
  readonly actual: bigint;
}

const placeOf = (offset: number): string => {
  if (offset < FLOAT_OFFSET) return `x${offset / 8}`;
  if (offset < FCSR_OFFSET) return `f${(offset - FLOAT_OFFSET) / 8}`;
  return offset === FCSR_OFFSET ? 'fcsr' : 'spare';
};

const isSame = (a: Uint8Array, b: Uint8Array, from: number, length: number): boolean =>
  Buffer.compare(a.subarray(from, from + length), b.subarray(from, from + length)) === 0;

/** Differences of each sequence that has any, by its place in the program. */
export const compareStates = (
  program: Program,
  expected: Uint8Array,
  actual: Uint8Array,
): ReadonlyMap<number, readonly Difference[]> => {
  const views = [program.data, expected, actual].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset));
  const word = (view: number, offset: number): bigint => views[view].getBigUint64(offset, true);
  const differing = new Map<number, readonly Difference[]>();
  program.sequences.forEach((_, index) => {
    const record = index * RECORD_BYTES;
    const window = program.windowsOffset + index * WINDOW_BYTES;
    if (isSame(expected, actual, record, RECORD_BYTES) && isSame(expected, actual, window, WINDOW_BYTES)) return;
    const differences: Difference[] = [];
    const look = (start: number, length: number, name: (offset: number) => string): void => {
      for (let offset = 0; offset < length; offset += 8) {
        const at = start + offset;
        if (word(1, at) === word(2, at)) continue;
        differences.push({ place: name(offset), before: word(0, at), expected: word(1, at), actual: word(2, at) });
      }
    };
    look(record, RECORD_BYTES, placeOf);
    look(window, WINDOW_BYTES, (offset) => `window+${offset}`);
    differing.set(index, differences);
  });
  return differing;
};
