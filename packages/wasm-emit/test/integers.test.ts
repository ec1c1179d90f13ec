import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bytes } from '../src/index.ts';

const written = (write: (bytes: Bytes) => void, capacity?: number): number[] => {
  const bytes = new Bytes(capacity);
  write(bytes);
  return [...bytes.view()];
};

/** LEB128 by its definition (WebAssembly 2.0, section 5.2.2), over integers of any size. */
const reference = (value: bigint, signed: boolean): number[] => {
  const group = Number(value & 0x7fn);
  const rest = value >> 7n;
  const done = signed ? (rest === 0n && group < 64) || (rest === -1n && group >= 64) : rest === 0n;
  return done ? [group] : [group | 0x80, ...reference(rest, signed)];
};

/** Lengths of LEB128 change at powers of two. */
const nearPowers = (bits: number, signed: boolean): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.integer({ min: 0, max: bits - (signed ? 1 : 0) }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([power, distance, negative]) => (1n << BigInt(power)) * (signed && negative ? -1n : 1n) + BigInt(distance))
    .filter((value) => value === (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)));

const unsigned32 = fc.oneof(fc.bigInt(0n, 0xffff_ffffn), nearPowers(32, false));
const signed32 = fc.oneof(fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n), nearPowers(32, true));
const signed64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), nearPowers(64, true), signed32);

describe('integers in LEB128', () => {
  it('are the shortest encoding of every unsigned 32-bit integer', () => {
    fc.assert(
      fc.property(unsigned32, (value) => {
        expect(written((bytes) => bytes.unsigned(Number(value)))).toEqual(reference(value, false));
      }),
    );
  });

  it('are the shortest encoding of every signed 32-bit integer', () => {
    fc.assert(
      fc.property(signed32, (value) => {
        expect(written((bytes) => bytes.signed(Number(value)))).toEqual(reference(value, true));
      }),
    );
  });

  it('are the shortest encoding of every signed 64-bit integer', () => {
    fc.assert(
      fc.property(signed64, (value) => {
        expect(written((bytes) => bytes.signed64(value))).toEqual(reference(value, true));
      }),
      { numRuns: 1000 },
    );
  });

  it('take 64-bit values modulo 2^64 and 32-bit values modulo 2^32', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), (value) => {
        expect(written((bytes) => bytes.signed64(value))).toEqual(reference(BigInt.asIntN(64, value), true));
      }),
    );
    expect(written((bytes) => bytes.signed(0xffff_ffff))).toEqual([0x7f]);
    expect(written((bytes) => bytes.unsigned(-1))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });
});

describe('a byte string', () => {
  it('grows from any capacity and keeps what is in it', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.array(signed64, { maxLength: 64 }), (capacity, values) => {
        const all = written((bytes) => values.forEach((value) => bytes.signed64(value)), capacity);
        expect(all).toEqual(values.flatMap((value) => reference(value, true)));
      }),
    );
  });

  it('appends itself and others whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600 }), (one, other) => {
        const bytes = new Bytes(1);
        bytes.append(one);
        bytes.append(other);
        expect(bytes.length).toBe(one.length + other.length);
        expect([...bytes.view()]).toEqual([...one, ...other]);
      }),
    );
  });

  it('holds floats as IEEE 754 bits, little-endian', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const double = Uint8Array.from(written((bytes) => bytes.float64(value), 1));
        expect(new DataView(double.buffer).getFloat64(0, true)).toBe(value);
        const single = Uint8Array.from(written((bytes) => bytes.float32(value), 1));
        expect(new DataView(single.buffer).getFloat32(0, true)).toBe(Math.fround(value));
      }),
    );
  });

  it('measures names in bytes of UTF-8, not in characters', () => {
    expect(written((bytes) => bytes.name('a'))).toEqual([1, 0x61]);
    expect(written((bytes) => bytes.name('€𝄞'))).toEqual([7, 0xe2, 0x82, 0xac, 0xf0, 0x9d, 0x84, 0x9e]);
    expect(written((bytes) => bytes.name('x'.repeat(128))).slice(0, 2)).toEqual([0x80, 0x01]);
  });
});
