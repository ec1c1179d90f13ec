import type { FloatFormat } from './format.ts';

/** Rounding modes by their encoding in `frm` and in the `rm` field (RISC-V unprivileged ISA, section "F", table 24). */
export const RoundingMode = {
  /** To nearest, ties to even. */
  RNE: 0,
  /** Towards zero. */
  RTZ: 1,
  /** Down, towards −∞. */
  RDN: 2,
  /** Up, towards +∞. */
  RUP: 3,
  /** To nearest, ties to the larger magnitude. */
  RMM: 4,
} as const;

export type RoundingMode = (typeof RoundingMode)[keyof typeof RoundingMode];

/** Exception flags by their bits in `fflags`. */
export const FloatFlag = {
  /** Inexact. */
  NX: 1,
  /** Underflow. */
  UF: 2,
  /** Overflow. */
  OF: 4,
  /** Division by zero. */
  DZ: 8,
  /** Invalid operation. */
  NV: 16,
} as const;

/** Where flags accrue. */
export interface FlagSink {
  flags: number;
}

/** Position of the highest set bit plus one; 0 for zero. `value` is not negative and below 2^1023. */
export const bitLength = (value: bigint): number => {
  const approximation = Number(value);
  if (approximation === 0) return 0;
  let length = Math.floor(Math.log2(approximation)) + 1;
  // The logarithm and the conversion round: at most one off, next to a power of two.
  if (value >> BigInt(length) !== 0n) length++;
  else if (value >> BigInt(length - 1) === 0n) length--;
  return length;
};

/**
 * Whether the magnitude `kept + discarded` is rounded up to `kept + 1`, with `discarded` in 0…1 units.
 * `half` is the comparison of `discarded` with one half: negative, zero or positive.
 */
export const roundsAway = (mode: RoundingMode, negative: boolean, odd: boolean, half: number): boolean => {
  switch (mode) {
    case RoundingMode.RNE:
      return half > 0 || (half === 0 && odd);
    case RoundingMode.RTZ:
      return false;
    case RoundingMode.RDN:
      return negative;
    case RoundingMode.RUP:
      return !negative;
    case RoundingMode.RMM:
      return half >= 0;
  }
};

/** The significand of `value / 2^shift` rounded to an integer; shift ≥ 1 and the discarded bits are not all zero. */
export const shiftRounded = (mode: RoundingMode, negative: boolean, value: bigint, shift: number): bigint => {
  const kept = value >> BigInt(shift);
  const discarded = BigInt.asUintN(shift, value);
  const half = 1n << BigInt(shift - 1);
  const comparison = discarded < half ? -1 : discarded > half ? 1 : 0;
  return roundsAway(mode, negative, (kept & 1n) === 1n, comparison) ? kept + 1n : kept;
};

/** What a result too large for the format becomes (IEEE 754-2019, section 7.4). */
const overflow = (sink: FlagSink, format: FloatFormat, mode: RoundingMode, negative: boolean): bigint => {
  sink.flags |= FloatFlag.OF | FloatFlag.NX;
  const magnitude = roundsAway(mode, negative, true, 1) ? format.infinity : format.largestFinite;
  return negative ? magnitude | format.signBit : magnitude;
};

/**
 * The number `significand × 2^quantum` rounded to `format`: bit pattern, with OF, UF and NX raised in `sink`.
 * `significand` is positive. An inexact significand is passed with its lowest bit set ("sticky") and at least two bits
 * more than the precision. Tininess is detected after rounding (RISC-V's choice of IEEE 754-2019, section 7.5).
 */
export const roundToFormat = (
  sink: FlagSink,
  format: FloatFormat,
  mode: RoundingMode,
  negative: boolean,
  significand: bigint,
  quantum: number,
): bigint => {
  const exponent = quantum + bitLength(significand) - 1;
  const resultExponent = Math.max(exponent, format.minimumExponent);
  if (exponent > 1 - format.minimumExponent) return overflow(sink, format, mode, negative);
  const shift = resultExponent - (format.precision - 1) - quantum;
  let rounded: bigint;
  if (shift <= 0) rounded = significand << BigInt(-shift);
  else if (BigInt.asUintN(shift, significand) === 0n) rounded = significand >> BigInt(shift);
  else {
    rounded = shiftRounded(mode, negative, significand, shift);
    sink.flags |= FloatFlag.NX;
    if (exponent < format.minimumExponent) {
      // Tiny unless rounding to the full precision with an unbounded exponent reaches the smallest normal number.
      const fullShift = exponent - (format.precision - 1) - quantum;
      const reachesNormal =
        exponent === format.minimumExponent - 1 &&
        fullShift > 0 &&
        BigInt.asUintN(fullShift, significand) !== 0n &&
        shiftRounded(mode, negative, significand, fullShift) === format.hiddenBit << 1n;
      if (!reachesNormal) sink.flags |= FloatFlag.UF;
    }
  }
  // The hidden bit adds one to the exponent field, and a carry out of the significand one more.
  const biased = BigInt(resultExponent - format.minimumExponent);
  const magnitude = (biased << format.fractionBits) + rounded;
  if (magnitude >= format.infinity) return overflow(sink, format, mode, negative);
  return negative ? magnitude | format.signBit : magnitude;
};
