import type { FloatFormat } from './format.ts';
import { RoundingMode, roundToFormat } from './rounding.ts';

/** What is not a ratio of small integers in the table of fli. */
type SpecialImmediate = 'smallest-normal' | 'infinity' | 'nan';

/** The constants of fli.fmt by the number in its rs1 field (RISC-V unprivileged ISA, "Zfa", load-immediate table). */
const TABLE: readonly (number | SpecialImmediate)[] = [
  -1,
  'smallest-normal',
  2 ** -16,
  2 ** -15,
  2 ** -8,
  2 ** -7,
  0.0625,
  0.125,
  0.25,
  0.3125,
  0.375,
  0.4375,
  0.5,
  0.625,
  0.75,
  0.875,
  1,
  1.25,
  1.5,
  1.75,
  2,
  2.5,
  3,
  4,
  8,
  16,
  128,
  256,
  2 ** 15,
  2 ** 16,
  'infinity',
  'nan',
];

/** Bit pattern of constant number `index` (taken modulo 32). 2^16 in binary16 becomes +∞. */
export const loadImmediate = (format: FloatFormat, index: number): bigint => {
  const entry = TABLE[index & 31];
  if (entry === 'smallest-normal') return format.hiddenBit;
  if (entry === 'infinity') return format.infinity;
  if (typeof entry !== 'number') return format.canonicalNan;
  const scaled = BigInt(Math.abs(entry) * 2 ** 16);
  return roundToFormat({ flags: 0 }, format, RoundingMode.RNE, entry < 0, scaled, -16);
};
