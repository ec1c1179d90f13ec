import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum, complement, sumPieces, sumWords } from '../src/index.ts';
import { bytes, inPieces, naiveChecksum } from './arbitraries.ts';

describe('the Internet checksum', () => {
  it('is that of the example of RFC 1071, section 3', () => {
    expect(sumWords(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(0xddf2);
  });

  it('agrees with the definition at any length and any place in a buffer', () => {
    fc.assert(
      fc.property(bytes(700), fc.nat(7), (data, offset) => {
        const buffer = new Uint8Array(data.length + 8);
        buffer.set(data, offset);
        expect(checksum(buffer, offset, offset + data.length)).toBe(naiveChecksum(data));
        expect(checksum(buffer.subarray(offset, offset + data.length))).toBe(naiveChecksum(data));
      }),
      { numRuns: 500 },
    );
  });

  it('is exact for 64 KiB of all ones, and for more', () => {
    for (const length of [0xffff, 0x10000, 0x50003]) {
      const data = new Uint8Array(length).fill(0xff);
      expect(checksum(data)).toBe(naiveChecksum(data));
      expect(checksum(data.subarray(1))).toBe(naiveChecksum(data.subarray(1)));
    }
  });

  it('does not depend on how the bytes lie in pieces', () => {
    fc.assert(
      fc.property(bytes(400), fc.array(fc.nat(400), { maxLength: 8 }), fc.nat(400), fc.nat(400), (data, cuts, a, b) => {
        const start = Math.min(a, b, data.length);
        const end = Math.min(Math.max(a, b), data.length);
        expect(complement(sumPieces(inPieces(data, cuts), start, end))).toBe(naiveChecksum(data.subarray(start, end)));
      }),
      { numRuns: 500 },
    );
  });

  it('of data with its own checksum in it is zero', () => {
    fc.assert(
      fc.property(bytes(300, 2), (data) => {
        data[0] = 0;
        data[1] = 0;
        const sum = naiveChecksum(data);
        data[0] = sum >> 8;
        data[1] = sum & 0xff;
        expect(checksum(data)).toBe(0);
      }),
    );
  });
});
