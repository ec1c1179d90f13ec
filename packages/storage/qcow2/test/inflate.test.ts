import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflateInto } from '../src/inflate.ts';

const compressible = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })), { maxLength: 40 })
  .map((runs) => Buffer.concat(runs.flatMap(([bytes, count]) => Array.from({ length: count }, () => bytes))));
const content = fc.oneof(compressible, fc.uint8Array({ maxLength: 3000 }), fc.constant(new Uint8Array(70_000)));
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FILTERED,
  ),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

describe('inflate', () => {
  it('gives back what zlib compressed, at every level and in every strategy, whatever follows', () => {
    fc.assert(
      fc.property(content, options, fc.uint8Array({ maxLength: 20 }), (bytes, how, rest) => {
        const output = new Uint8Array(bytes.length);
        expect(inflateInto(Buffer.concat([deflateRawSync(bytes, how), rest]), output)).toBe(true);
        expect(Buffer.compare(output, bytes)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('stops when its buffer is full, and says when there is not enough for it', () => {
    fc.assert(
      fc.property(content, options, fc.nat(100_000), (bytes, how, wanted) => {
        const output = new Uint8Array(wanted);
        expect(inflateInto(deflateRawSync(bytes, how), output)).toBe(wanted <= bytes.length);
        const length = Math.min(wanted, bytes.length);
        expect(Buffer.compare(output.subarray(0, length), bytes.subarray(0, length))).toBe(0);
      }),
    );
  });

  it('refuses a stream that was cut', () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * index) >> 3));
    for (const level of [0, 6]) {
      const deflated = deflateRawSync(bytes, { level });
      for (let length = 0; length < deflated.length - 1; length += 7) {
        expect(inflateInto(deflated.subarray(0, length), new Uint8Array(bytes.length))).toBe(false);
      }
    }
  });

  it('ends for anything, within its buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
        const around = new Uint8Array(3000).fill(0x5a);
        expect(typeof inflateInto(input, around.subarray(1000, 2000))).toBe('boolean');
        expect(around.subarray(0, 1000).every((byte) => byte === 0x5a)).toBe(true);
        expect(around.subarray(2000).every((byte) => byte === 0x5a)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a block of kind 3', [0b111]],
    ['a stored block of which the length is not what its complement says', [1, 1, 0, 0, 0, 9]],
    ['a distance before the beginning', [0b11, 0b10, 0]],
  ])('refuses %s', (_what, bytes) => {
    expect(inflateInto(Uint8Array.from(bytes), new Uint8Array(4))).toBe(false);
  });
});
