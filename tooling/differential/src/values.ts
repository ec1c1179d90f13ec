/** Initial register contents, mostly values at which implementations go wrong. */
import type { Random } from './random.ts';

const ALL_ONES = 2n ** 64n - 1n;

const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 7n, 8n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn],
  ...[0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_8000_0000n, 0xffff_ffff_7fff_ffffn],
  ...[0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x8000_0000_0000_0001n, ALL_ONES - 1n, ALL_ONES],
  ...[0x5555_5555_5555_5555n, 0xaaaa_aaaa_aaaa_aaaan, 0x00ff_00ff_00ff_00ffn, 0x0102_0408_1020_4080n],
];

export const integerValue = (random: Random): bigint => {
  switch (random.below(6)) {
    case 0:
    case 1:
      return random.pick(EDGES);
    case 2:
      // One bit, or all below one bit.
      return ((1n << BigInt(random.below(64))) - BigInt(random.below(2))) ^ (random.oneIn(2) ? ALL_ONES : 0n);
    case 3:
      return BigInt.asUintN(64, BigInt.asIntN(32, random.bits(32)));
    case 4:
      return random.bits(64) & random.bits(64) & random.bits(64);
    default:
      return random.bits(64);
  }
};

interface Shape {
  readonly width: number;
  /** Bits of the fraction field. */
  readonly fraction: number;
}

const HALF: Shape = { width: 16, fraction: 10 };
const SINGLE: Shape = { width: 32, fraction: 23 };
const DOUBLE: Shape = { width: 64, fraction: 52 };

const fractionValue = (random: Random, { fraction }: Shape): bigint => {
  const mask = (1n << BigInt(fraction)) - 1n;
  switch (random.below(5)) {
    case 0:
      return 0n;
    case 1:
      return BigInt(random.below(4));
    case 2:
      return mask - BigInt(random.below(4));
    case 3:
      return random.bits(fraction) & (mask << BigInt(random.below(fraction))) & mask;
    default:
      return random.bits(fraction);
  }
};

/** A number of one format: zeros, subnormals, infinities, NaNs of both kinds, edges of the range, near one, anything. */
const numberOf = (random: Random, shape: Shape): bigint => {
  const exponents = 2 ** (shape.width - 1 - shape.fraction) - 1;
  const exponent = [
    0,
    0,
    exponents,
    exponents,
    random.below(4),
    exponents - random.below(4),
    (exponents >> 1) + random.below(8) - 4,
    (exponents >> 1) + random.below(8) - 4,
    (exponents >> 1) + random.below(72) - 4,
    (exponents >> 1) + random.below(60) - 30,
    random.below(exponents + 1),
  ][random.below(11)];
  const bits =
    (BigInt(Math.min(Math.max(exponent, 0), exponents)) << BigInt(shape.fraction)) | fractionValue(random, shape);
  return random.oneIn(2) ? bits | (1n << BigInt(shape.width - 1)) : bits;
};

/** 64 bits of a floating-point register: a boxed single or half, a double, or something not boxed. */
export const floatValue = (random: Random): bigint => {
  const kind = random.below(20);
  if (kind < 9) return ((ALL_ONES << 32n) & ALL_ONES) | numberOf(random, SINGLE);
  if (kind < 17) return numberOf(random, DOUBLE);
  if (kind < 19) return ((ALL_ONES << 16n) & ALL_ONES) | numberOf(random, HALF);
  return (random.bits(32) << 32n) | numberOf(random, SINGLE);
};
