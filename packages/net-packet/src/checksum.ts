// Hot: every byte that no offload covers passes here. Loops over words of typed arrays; bench/checksum.ts measures it.

/**
 * The Internet checksum: one's complement of the one's complement sum of 16-bit words (RFC 1071). The sum does not
 * depend on the byte order in which it is computed, but for a swap of the result (RFC 1071, section 2 (B)), so whole
 * words are read as the host has them.
 */

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A sum of 16-bit words never passes 2^31 − 1 before it is folded: so many words at a time. */
const WORDS_AT_A_TIME = 0x4000;

const swap = (sum: number): number => ((sum & 0xff) << 8) | (sum >>> 8);

/** Any sum below 2^32, folded into 16 bits with end-around carry. */
export const fold = (sum: number): number => {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
};

/** Words of `view`, folded, in the host's byte order. Two words a step, each half summed apart. */
const sumOfWords = (view: Uint32Array): number => {
  let total = 0;
  for (let start = 0; start < view.length; start += WORDS_AT_A_TIME) {
    const end = Math.min(view.length, start + WORDS_AT_A_TIME);
    let low = 0;
    let high = 0;
    let at = start;
    for (; at + 3 < end; at += 4) {
      const a = view[at] ?? 0;
      const b = view[at + 1] ?? 0;
      const c = view[at + 2] ?? 0;
      const d = view[at + 3] ?? 0;
      low += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff);
      high += (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16);
    }
    for (; at < end; at += 1) {
      const word = view[at] ?? 0;
      low += word & 0xffff;
      high += word >>> 16;
    }
    total = fold(total + fold(low) + fold(high));
  }
  return total;
};

/** Short or ragged runs, in network byte order; at most 2^15 bytes, so that the sum stays exact. */
const sumOfBytes = (bytes: Uint8Array, start: number, end: number): number => {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (at < end) sum += (bytes[at] ?? 0) << 8;
  return fold(sum);
};

/** Below this, making a view costs more than it saves. */
const SHORT = 96;

/**
 * Folded one's complement sum of `bytes[start…end)`, which begin at an even offset of what is summed, plus `initial`
 * (a folded sum). An odd last byte counts as the high half of a word.
 */
export const sumWords = (bytes: Uint8Array, start = 0, end = bytes.length, initial = 0): number => {
  if (end - start < SHORT) return fold(initial + sumOfBytes(bytes, start, end));
  const address = bytes.byteOffset + start;
  const lead = -address & 3;
  const count = (end - start - lead) >>> 2;
  const middle = sumOfWords(new Uint32Array(bytes.buffer, address + lead, count));
  const tail = start + lead + count * 4;
  // A head of odd length shifts every later byte by one place, which is a swap of their sum.
  const odd = (lead & 1) === 1;
  const rest = fold((LITTLE_ENDIAN ? swap(middle) : middle) + sumOfBytes(bytes, tail, end));
  return fold(initial + sumOfBytes(bytes, start, start + lead) + (odd ? swap(rest) : rest));
};

/** As {@link sumWords}, over pieces from byte `start` of the whole to `end`. */
export const sumPieces = (pieces: readonly Uint8Array[], start: number, end: number, initial = 0): number => {
  let sum = initial;
  let at = 0;
  for (const piece of pieces) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, piece.length);
    if (from < to) {
      const part = sumWords(piece, from, to);
      const odd = ((at + from - start) & 1) === 1;
      sum = fold(sum + (odd ? swap(part) : part));
    }
    at += piece.length;
    if (at >= end) break;
  }
  return sum;
};

/** The checksum field for what sums up to `sum`. */
export const complement = (sum: number): number => ~fold(sum) & 0xffff;

/** The checksum field over `bytes[start…end)` in which the field itself is zero; 0 over data with a right field. */
export const checksum = (bytes: Uint8Array, start = 0, end = bytes.length, initial = 0): number =>
  complement(sumWords(bytes, start, end, initial));

/** Folded sum of the pseudo header of TCP and UDP over IPv4 (RFC 9293, section 3.1). */
export const pseudoHeader4 = (source: number, destination: number, protocol: number, length: number): number =>
  fold(
    (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + (length & 0xffff),
  );

/** Folded sum of the pseudo header over IPv6 (RFC 8200, section 8.1). */
export const pseudoHeader6 = (source: bigint, destination: bigint, protocol: number, length: number): number => {
  let sum = protocol + (length >>> 16) + (length & 0xffff);
  for (let shift = 0n; shift < 128n; shift += 16n) {
    sum += Number((source >> shift) & 0xffffn) + Number((destination >> shift) & 0xffffn);
  }
  return fold(sum);
};
