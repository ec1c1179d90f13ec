import { binary16, binary32, binary64, type FloatFormat } from '../src/index.ts';

/** A small seeded generator (splitmix32), so that a failing vector can be made again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit);
  }

  bits(width: number): bigint {
    return BigInt.asUintN(width, (BigInt(this.word()) << 32n) | BigInt(this.word()));
  }
}

export const formats = { h: binary16, s: binary32, d: binary64 };

/** A significand with interesting low ends: random, few bits, long runs of ones, all but the last bits zero. */
const fraction = (random: Random, format: FloatFormat): bigint => {
  const any = random.bits(format.precision - 1);
  switch (random.below(5)) {
    case 0:
      return 0n;
    case 1:
      return BigInt(random.below(4));
    case 2:
      return format.fractionMask - BigInt(random.below(4));
    case 3:
      return any & (format.fractionMask << BigInt(random.below(format.precision))) & format.fractionMask;
    default:
      return any;
  }
};

/** A bit pattern of `format`: special values, edges of the ranges, exponents near `around` when given, or anything. */
export const operand = (random: Random, format: FloatFormat, around?: number): bigint => {
  const sign = random.below(2) === 1 ? format.signBit : 0n;
  const exponents = Number(format.infinity >> format.fractionBits);
  const withExponent = (exponent: number): bigint =>
    sign | (BigInt(Math.min(Math.max(exponent, 0), exponents)) << format.fractionBits) | fraction(random, format);
  switch (random.below(8)) {
    case 0:
      return sign | [0n, 1n, format.hiddenBit, format.largestFinite, format.infinity][random.below(5)];
    case 1:
      return withExponent(random.below(3));
    case 2:
      return withExponent(exponents - random.below(3));
    case 3:
      // Near one, and in the range of the integer conversions.
      return withExponent((exponents >> 1) + random.below(70) - 3);
    case 4:
      return random.bits(format.width);
    default:
      return withExponent(around === undefined ? random.below(exponents) : around + random.below(7) - 3);
  }
};

/** Operands whose sum, product or quotient tends to cancel, overflow or underflow. */
export const operands = (random: Random, format: FloatFormat): readonly [bigint, bigint, bigint] => {
  const exponents = Number(format.infinity >> format.fractionBits);
  const field = (bits: bigint): number => Number((bits & format.infinity) >> format.fractionBits);
  const bias = exponents >> 1;
  const a = operand(random, format);
  const near = [
    field(a),
    field(a) - format.precision,
    bias + 1 - field(a) + bias,
    bias - field(a),
    bias - format.precision - field(a),
    field(a) - bias,
  ][random.below(6)];
  const b = operand(random, format, near);
  const productExponent = field(a) + field(b) - bias;
  const c = operand(random, format, productExponent + [0, 0, -format.precision, format.precision][random.below(4)]);
  return [a, b, c];
};
