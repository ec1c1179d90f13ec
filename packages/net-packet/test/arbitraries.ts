import fc from 'fast-check';

export const byte = fc.integer({ min: 0, max: 0xff });
export const word = fc.integer({ min: 0, max: 0xffff });
export const long = fc.integer({ min: 0, max: 0xffff_ffff });
export const mac = fc.integer({ min: 0, max: 0xffff_ffff_ffff });
export const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
export const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });

/** Sum of 16-bit words the way RFC 1071 defines it, one byte at a time with big numbers. */
export const naiveChecksum = (data: Uint8Array): number => {
  let sum = 0n;
  data.forEach((value, index) => {
    sum += BigInt(value) << (index % 2 === 0 ? 8n : 0n);
  });
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(~sum & 0xffffn);
};

/** `whole` in pieces at the given places. */
export const inPieces = (whole: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => whole.subarray(places[index], end));
};
