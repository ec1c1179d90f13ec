import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binary32, binary64, createFloatUnit, RoundingMode } from '../src/index.ts';
import { operands, Random } from './operands.ts';

const view = new DataView(new ArrayBuffer(8));
const numberOf = (bits: bigint): number => {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};
const bitsOf = (value: number): bigint => {
  if (Number.isNaN(value)) return binary64.canonicalNan;
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const singleOf = (bits: bigint): number => {
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
};
const singleBits = (value: number): bigint => {
  if (Number.isNaN(value)) return binary32.canonicalNan;
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
};

const { RNE } = RoundingMode;

const doubles = fc.integer().map((seed) => operands(new Random(seed), binary64));
const singles = fc.integer().map((seed) => operands(new Random(seed), binary32));
const runs = { numRuns: 20_000 };

describe('agreement with the host for round-to-nearest', () => {
  const unit = createFloatUnit();

  it('gives the host’s doubles', () => {
    fc.assert(
      fc.property(doubles, ([a, b]) => {
        const x = numberOf(a);
        const y = numberOf(b);
        expect(unit.add(binary64, RNE, a, b)).toBe(bitsOf(x + y));
        expect(unit.sub(binary64, RNE, a, b)).toBe(bitsOf(x - y));
        expect(unit.mul(binary64, RNE, a, b)).toBe(bitsOf(x * y));
        expect(unit.div(binary64, RNE, a, b)).toBe(bitsOf(x / y));
        expect(unit.sqrt(binary64, RNE, a)).toBe(bitsOf(Math.sqrt(x)));
        expect(unit.convert(binary64, binary32, RNE, a)).toBe(singleBits(Math.fround(x)));
        expect(unit.lt(binary64, a, b)).toBe(x < y ? 1n : 0n);
        expect(unit.le(binary64, a, b)).toBe(x <= y ? 1n : 0n);
        expect(unit.eq(binary64, a, b)).toBe(x === y ? 1n : 0n);
      }),
      runs,
    );
  });

  // Double rounding is harmless here: a double has more than twice the precision of a single, plus two bits.
  it('gives the host’s doubles rounded once more for singles', () => {
    fc.assert(
      fc.property(singles, ([a, b]) => {
        const x = singleOf(a);
        const y = singleOf(b);
        expect(unit.add(binary32, RNE, a, b)).toBe(singleBits(Math.fround(x + y)));
        expect(unit.sub(binary32, RNE, a, b)).toBe(singleBits(Math.fround(x - y)));
        expect(unit.mul(binary32, RNE, a, b)).toBe(singleBits(Math.fround(x * y)));
        expect(unit.div(binary32, RNE, a, b)).toBe(singleBits(Math.fround(x / y)));
        expect(unit.sqrt(binary32, RNE, a)).toBe(singleBits(Math.fround(Math.sqrt(x))));
        expect(unit.convert(binary32, binary64, RNE, a)).toBe(bitsOf(x));
      }),
      runs,
    );
  });
});
