/**
 * The operations of IEEE 754-2019, section 5.4.1, by integer arithmetic: right for every operand and mode.
 * Operands are bit patterns of `format`, results too.
 */
import {
  type FloatFormat,
  isInfinite,
  isNan,
  isNegative,
  isSignalingNan,
  isZero,
  quantumOf,
  significandOf,
} from './format.ts';
import { bitLength, FloatFlag, type FlagSink, RoundingMode, roundToFormat } from './rounding.ts';

const invalid = (sink: FlagSink, format: FloatFormat): bigint => {
  sink.flags |= FloatFlag.NV;
  return format.canonicalNan;
};

/** The NaN that an operation on at least one NaN returns; signalling ones are invalid. */
const propagate = (sink: FlagSink, format: FloatFormat, a: bigint, b: bigint): bigint => {
  if (isSignalingNan(format, a) || isSignalingNan(format, b)) sink.flags |= FloatFlag.NV;
  return format.canonicalNan;
};

const signed = (format: FloatFormat, negative: boolean, magnitude: bigint): bigint =>
  negative ? magnitude | format.signBit : magnitude;

/** A signed zero as the exact sum of opposite numbers (IEEE 754-2019, section 6.3). */
const cancelled = (format: FloatFormat, mode: RoundingMode): bigint =>
  mode === RoundingMode.RDN ? format.signBit : 0n;

/**
 * The rounded sum of two non-zero numbers `±significand × 2^quantum`. When one is too small to matter but for the
 * direction of rounding, it is replaced by a sticky bit, so that shifts stay bounded.
 */
const roundedSum = (
  sink: FlagSink,
  format: FloatFormat,
  mode: RoundingMode,
  negativeA: boolean,
  significandA: bigint,
  quantumA: number,
  negativeB: boolean,
  significandB: bigint,
  quantumB: number,
): bigint => {
  const topA = bitLength(significandA) + quantumA;
  const topB = bitLength(significandB) + quantumB;
  const reach = 2 * format.precision + 4;
  let [sa, qa, sb, qb] = [significandA, quantumA, significandB, quantumB];
  if (topB < qa && topA - topB > reach) {
    sa <<= BigInt(reach);
    qa -= reach;
    [sb, qb] = [1n, qa];
  } else if (topA < qb && topB - topA > reach) {
    sb <<= BigInt(reach);
    qb -= reach;
    [sa, qa] = [1n, qb];
  }
  const quantum = Math.min(qa, qb);
  if (qa > quantum) sa <<= BigInt(qa - quantum);
  if (qb > quantum) sb <<= BigInt(qb - quantum);
  if (negativeA) sa = -sa;
  if (negativeB) sb = -sb;
  const sum = sa + sb;
  if (sum === 0n) return cancelled(format, mode);
  return roundToFormat(sink, format, mode, sum < 0n, sum < 0n ? -sum : sum, quantum);
};

export const exactAdd = (sink: FlagSink, format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint => {
  if (isNan(format, a) || isNan(format, b)) return propagate(sink, format, a, b);
  if (isInfinite(format, a)) return isInfinite(format, b) && a !== b ? invalid(sink, format) : a;
  if (isInfinite(format, b)) return b;
  if (isZero(format, a)) return isZero(format, b) && a !== b ? cancelled(format, mode) : b;
  if (isZero(format, b)) return a;
  return roundedSum(
    sink,
    format,
    mode,
    isNegative(format, a),
    significandOf(format, a),
    quantumOf(format, a),
    isNegative(format, b),
    significandOf(format, b),
    quantumOf(format, b),
  );
};

export const exactMultiply = (
  sink: FlagSink,
  format: FloatFormat,
  mode: RoundingMode,
  a: bigint,
  b: bigint,
): bigint => {
  if (isNan(format, a) || isNan(format, b)) return propagate(sink, format, a, b);
  const negative = isNegative(format, a) !== isNegative(format, b);
  if (isInfinite(format, a) || isInfinite(format, b)) {
    return isZero(format, a) || isZero(format, b) ? invalid(sink, format) : signed(format, negative, format.infinity);
  }
  const product = significandOf(format, a) * significandOf(format, b);
  if (product === 0n) return signed(format, negative, 0n);
  return roundToFormat(sink, format, mode, negative, product, quantumOf(format, a) + quantumOf(format, b));
};

export const exactDivide = (sink: FlagSink, format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint => {
  if (isNan(format, a) || isNan(format, b)) return propagate(sink, format, a, b);
  const negative = isNegative(format, a) !== isNegative(format, b);
  if (isInfinite(format, a)) {
    return isInfinite(format, b) ? invalid(sink, format) : signed(format, negative, format.infinity);
  }
  if (isInfinite(format, b)) return signed(format, negative, 0n);
  if (isZero(format, b)) {
    if (isZero(format, a)) return invalid(sink, format);
    sink.flags |= FloatFlag.DZ;
    return signed(format, negative, format.infinity);
  }
  if (isZero(format, a)) return signed(format, negative, 0n);
  // Enough quotient bits for the precision and two more, whatever the lengths of subnormal significands.
  const shift = 2 * format.precision + 2;
  const dividend = significandOf(format, a) << BigInt(shift);
  const divisor = significandOf(format, b);
  const quotient = dividend / divisor;
  const sticky = quotient * divisor === dividend ? quotient : (quotient << 1n) | 1n;
  const quantum = quantumOf(format, a) - quantumOf(format, b) - shift - (sticky === quotient ? 0 : 1);
  return roundToFormat(sink, format, mode, negative, sticky, quantum);
};

/** Largest integer of which the square is at most `value`, by Newton's iteration from above. */
const integerSquareRoot = (value: bigint): bigint => {
  // The double is within 2^-51 of the root; from above it the iteration falls monotonically.
  let root = BigInt(Math.floor(Math.sqrt(Number(value)) * (1 + 2 ** -50))) + 1n;
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
};

export const exactSquareRoot = (sink: FlagSink, format: FloatFormat, mode: RoundingMode, a: bigint): bigint => {
  if (isNan(format, a)) return propagate(sink, format, a, a);
  if (isZero(format, a)) return a;
  if (isNegative(format, a)) return invalid(sink, format);
  if (isInfinite(format, a)) return a;
  const quantum = quantumOf(format, a);
  const significand = significandOf(format, a);
  // An even exponent, and 2·(precision + 3) radicand bits at least, for precision + 3 root bits.
  let shift = Math.max(0, 2 * (format.precision + 3) - bitLength(significand));
  if (((quantum - shift) & 1) !== 0) shift++;
  const radicand = significand << BigInt(shift);
  const root = integerSquareRoot(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return roundToFormat(sink, format, mode, false, (root << 1n) | sticky, (quantum - shift) / 2 - 1);
};

/** a × b + c with one rounding. ∞ × 0 is invalid even when c is a quiet NaN (RISC-V, section "F"). */
export const exactMultiplyAdd = (
  sink: FlagSink,
  format: FloatFormat,
  mode: RoundingMode,
  a: bigint,
  b: bigint,
  c: bigint,
): bigint => {
  const infiniteProduct = isInfinite(format, a) || isInfinite(format, b);
  const nanProduct = isNan(format, a) || isNan(format, b);
  if (!nanProduct && infiniteProduct && (isZero(format, a) || isZero(format, b))) {
    return invalid(sink, format);
  }
  if (nanProduct || isNan(format, c)) {
    if (isSignalingNan(format, c)) sink.flags |= FloatFlag.NV;
    return propagate(sink, format, a, b);
  }
  const negative = isNegative(format, a) !== isNegative(format, b);
  if (infiniteProduct) {
    return isInfinite(format, c) && isNegative(format, c) !== negative
      ? invalid(sink, format)
      : signed(format, negative, format.infinity);
  }
  if (isInfinite(format, c)) return c;
  const product = significandOf(format, a) * significandOf(format, b);
  const quantum = quantumOf(format, a) + quantumOf(format, b);
  if (product === 0n) {
    return isZero(format, c) && isNegative(format, c) !== negative ? cancelled(format, mode) : c;
  }
  if (isZero(format, c)) return roundToFormat(sink, format, mode, negative, product, quantum);
  return roundedSum(
    sink,
    format,
    mode,
    negative,
    product,
    quantum,
    isNegative(format, c),
    significandOf(format, c),
    quantumOf(format, c),
  );
};

/** Conversion between formats: exact when widening, rounded when narrowing. */
export const exactConvert = (
  sink: FlagSink,
  from: FloatFormat,
  to: FloatFormat,
  mode: RoundingMode,
  a: bigint,
): bigint => {
  if (isNan(from, a)) {
    if (isSignalingNan(from, a)) sink.flags |= FloatFlag.NV;
    return to.canonicalNan;
  }
  const negative = isNegative(from, a);
  if (isInfinite(from, a)) return signed(to, negative, to.infinity);
  const significand = significandOf(from, a);
  if (significand === 0n) return signed(to, negative, 0n);
  return roundToFormat(sink, to, mode, negative, significand, quantumOf(from, a));
};
