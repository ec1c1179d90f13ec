import type { HostFile } from '@vivarium/contracts';

const CHUNK = 256 * 1024;
/** Most of them in one call. */
const MOST_CHUNKS = 64;

/** Stores `length` zeroes in `file` at `offset`; memory for them is bounded. */
export const writeZeroesTo = (file: HostFile, offset: number, length: number): void => {
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  const end = offset + length;
  let at = offset;
  if (file.writev !== undefined) {
    while (end - at >= 2 * CHUNK) {
      const count = Math.min(MOST_CHUNKS, Math.floor((end - at) / CHUNK));
      file.writev(
        at,
        Array.from({ length: count }, () => chunk),
      );
      at += count * CHUNK;
    }
  }
  while (at < end) {
    const count = Math.min(CHUNK, end - at);
    file.write(at, count === chunk.length ? chunk : chunk.subarray(0, count));
    at += count;
  }
};
