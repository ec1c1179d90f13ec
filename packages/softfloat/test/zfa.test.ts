import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binary16,
  binary32,
  binary64,
  createFloatUnit,
  FloatFlag,
  type FloatFormat,
  RoundingMode,
} from '../src/index.ts';
import { operands, Random } from './operands.ts';

const view = new DataView(new ArrayBuffer(8));
const numberOf = (format: FloatFormat, bits: bigint): number => {
  if (format === binary32) {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};
const bitsOf = (format: FloatFormat, value: number): bigint => {
  if (Number.isNaN(value)) return format.canonicalNan;
  if (format === binary32) {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

const isSignaling = (format: FloatFormat, bits: bigint): boolean =>
  Number.isNaN(numberOf(format, bits)) && (bits & format.quietBit) === 0n;

/** Host arithmetic that rounds to an integral number in each mode. */
const hostRound: Readonly<Record<RoundingMode, (x: number) => number>> = {
  [RoundingMode.RNE]: (x) => {
    if (Math.abs(x) >= 2 ** 52) return x;
    const away = Math.sign(x) * 2 ** 52;
    const rounded = x + away - away;
    return rounded === 0 ? Math.sign(1 / x) * 0 : rounded;
  },
  [RoundingMode.RTZ]: Math.trunc,
  [RoundingMode.RDN]: Math.floor,
  [RoundingMode.RUP]: Math.ceil,
  [RoundingMode.RMM]: (x) => {
    const down = Math.trunc(x);
    return Math.abs(x - down) >= 0.5 ? down + Math.sign(x) : down;
  },
};

const modes = fc.constantFrom(...Object.values(RoundingMode));
const formats = fc.constantFrom(binary32, binary64);
const seeds = fc.integer();
const runs = { numRuns: 20_000 };

describe('Zfa', () => {
  const unit = createFloatUnit();

  it('rounds to integral numbers as the host does, in every mode', () => {
    fc.assert(
      fc.property(formats, modes, seeds, (format, mode, seed) => {
        const [a] = operands(new Random(seed), format);
        const x = numberOf(format, a);
        const expected = bitsOf(format, hostRound[mode](x));
        const invalid = isSignaling(format, a) ? FloatFlag.NV : 0;
        unit.flags = 0;
        expect(unit.round(format, mode, a)).toBe(expected);
        expect(unit.flags).toBe(invalid);
        unit.flags = 0;
        expect(unit.roundnx(format, mode, a)).toBe(expected);
        expect(unit.flags).toBe(Number.isNaN(x) || hostRound[mode](x) === x ? invalid : FloatFlag.NX);
      }),
      runs,
    );
  });

  it('takes minimum and maximum with NaN winning and −0 below +0, as Math.min and Math.max do', () => {
    fc.assert(
      fc.property(formats, seeds, (format, seed) => {
        const [a, b] = operands(new Random(seed), format);
        const x = numberOf(format, a);
        const y = numberOf(format, b);
        unit.flags = 0;
        expect(unit.minm(format, a, b)).toBe(bitsOf(format, Math.min(x, y)));
        expect(unit.maxm(format, a, b)).toBe(bitsOf(format, Math.max(x, y)));
        expect(unit.flags).toBe(isSignaling(format, a) || isSignaling(format, b) ? FloatFlag.NV : 0);
      }),
      runs,
    );
  });

  it('compares quietly', () => {
    fc.assert(
      fc.property(formats, seeds, (format, seed) => {
        const [a, b] = operands(new Random(seed), format);
        const x = numberOf(format, a);
        const y = numberOf(format, b);
        unit.flags = 0;
        expect(unit.ltq(format, a, b)).toBe(x < y ? 1n : 0n);
        expect(unit.leq(format, a, b)).toBe(x <= y ? 1n : 0n);
        expect(unit.flags).toBe(isSignaling(format, a) || isSignaling(format, b) ? FloatFlag.NV : 0);
      }),
      runs,
    );
  });

  it('converts modulo 2^32 as ToInt32 of ECMAScript does', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [a] = operands(new Random(seed), binary64);
        const x = numberOf(binary64, a);
        const fits = x > -(2 ** 31) - 1 && x < 2 ** 31;
        unit.flags = 0;
        expect(unit.toIntegerModular(binary64, a)).toBe(BigInt.asUintN(64, BigInt(x | 0)));
        expect(unit.flags).toBe(fits ? (Math.trunc(x) === x ? 0 : FloatFlag.NX) : FloatFlag.NV);
      }),
      runs,
    );
  });

  it('loads the constants of the table', () => {
    const doubles = Array.from({ length: 32 }, (_, i) => numberOf(binary64, unit.loadImmediate(binary64, i)));
    expect(doubles).toEqual([
      ...[-1, 2 ** -1022, 1 / 65536, 1 / 32768, 1 / 256, 1 / 128, 1 / 16, 1 / 8],
      ...[0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875],
      ...[1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, Infinity, NaN],
    ]);
    for (let i = 0; i < 32; i++) {
      const single = numberOf(binary32, unit.loadImmediate(binary32, i));
      expect(single).toBe(i === 1 ? 2 ** -126 : doubles[i]);
    }
    expect([0, 1, 2, 16, 28, 29, 30, 31].map((i) => unit.loadImmediate(binary16, i))).toEqual([
      0xbc00n,
      0x0400n,
      0x0100n,
      0x3c00n,
      0x7800n,
      0x7c00n,
      0x7c00n,
      0x7e00n,
    ]);
  });
});
