/** Comparisons, minimum and maximum, classification: nothing here rounds. */
import { type FloatFormat, isInfinite, isNan, isNegative, isSignalingNan, isZero } from './format.ts';
import { FloatFlag, type FlagSink } from './rounding.ts';

/** Integers in the order of the numbers they stand for; both zeros give 0. */
const orderKey = (format: FloatFormat, bits: bigint): bigint => {
  const magnitude = bits & format.magnitudeMask;
  return isNegative(format, bits) ? -magnitude : magnitude;
};

/** Which NaN operands make a comparison invalid: signalling ones (`quiet`), or all (`signaling`). */
export type NanPolicy = 'quiet' | 'signaling';

/** True when an operand is a NaN; raises NV as the policy says. */
const unordered = (sink: FlagSink, format: FloatFormat, policy: NanPolicy, a: bigint, b: bigint): boolean => {
  if (!isNan(format, a) && !isNan(format, b)) return false;
  if (policy === 'signaling' || isSignalingNan(format, a) || isSignalingNan(format, b)) sink.flags |= FloatFlag.NV;
  return true;
};

export const isEqual = (sink: FlagSink, format: FloatFormat, a: bigint, b: bigint): boolean =>
  !unordered(sink, format, 'quiet', a, b) && orderKey(format, a) === orderKey(format, b);

export const isLess = (sink: FlagSink, format: FloatFormat, policy: NanPolicy, a: bigint, b: bigint): boolean =>
  !unordered(sink, format, policy, a, b) && orderKey(format, a) < orderKey(format, b);

export const isLessOrEqual = (sink: FlagSink, format: FloatFormat, policy: NanPolicy, a: bigint, b: bigint): boolean =>
  !unordered(sink, format, policy, a, b) && orderKey(format, a) <= orderKey(format, b);

/** The lesser of two numbers, with −0 below +0. */
const lesser = (format: FloatFormat, a: bigint, b: bigint): bigint => {
  if (isZero(format, a) && isZero(format, b)) return isNegative(format, a) ? a : b;
  return orderKey(format, a) < orderKey(format, b) ? a : b;
};

/**
 * Minimum or maximum. `number`: a NaN loses against a number (minimumNumber, fmin/fmax). `nan`: a NaN wins (minimum,
 * fminm/fmaxm of Zfa). IEEE 754-2019, section 9.6.
 */
export const extremum = (
  sink: FlagSink,
  format: FloatFormat,
  which: 'minimum' | 'maximum',
  nans: 'number' | 'nan',
  a: bigint,
  b: bigint,
): bigint => {
  if (unordered(sink, format, 'quiet', a, b)) {
    if (nans === 'nan') return format.canonicalNan;
    if (!isNan(format, a)) return a;
    return isNan(format, b) ? format.canonicalNan : b;
  }
  const minimum = lesser(format, a, b);
  if (which === 'minimum') return minimum;
  return minimum === a ? b : a;
};

/** The one-hot mask of fclass (RISC-V unprivileged ISA, section "Floating-Point Classify Instruction"). */
export const classify = (format: FloatFormat, a: bigint): bigint => {
  if (isNan(format, a)) return isSignalingNan(format, a) ? 1n << 8n : 1n << 9n;
  const negative = isNegative(format, a);
  if (isInfinite(format, a)) return negative ? 1n << 0n : 1n << 7n;
  if (isZero(format, a)) return negative ? 1n << 3n : 1n << 4n;
  if ((a & format.infinity) === 0n) return negative ? 1n << 2n : 1n << 5n;
  return negative ? 1n << 1n : 1n << 6n;
};
