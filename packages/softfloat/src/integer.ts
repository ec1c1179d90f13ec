/** Conversions from and to integers, and rounding to an integral number. */
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
import { FloatFlag, type FlagSink, RoundingMode, roundToFormat, shiftRounded } from './rounding.ts';

/** Integer formats by their mnemonic suffixes: signed and unsigned, 32 and 64 bits. */
export type IntegerFormat = 'w' | 'wu' | 'l' | 'lu';

const LIMITS: Readonly<Record<IntegerFormat, readonly [bigint, bigint]>> = {
  w: [-(2n ** 31n), 2n ** 31n - 1n],
  wu: [0n, 2n ** 32n - 1n],
  l: [-(2n ** 63n), 2n ** 63n - 1n],
  lu: [0n, 2n ** 64n - 1n],
};

/** Contents of a 64-bit integer register that holds `value`: 32-bit results are sign-extended, also unsigned ones. */
const toRegister = (integer: IntegerFormat, value: bigint): bigint =>
  BigInt.asUintN(64, integer === 'w' || integer === 'wu' ? BigInt.asIntN(32, value) : value);

/** The magnitude of a finite number rounded to an integer; raises NX when that loses something. */
const integralMagnitude = (sink: FlagSink, format: FloatFormat, mode: RoundingMode, a: bigint): bigint => {
  const significand = significandOf(format, a);
  const quantum = quantumOf(format, a);
  if (quantum >= 0) return significand << BigInt(quantum);
  if (BigInt.asUintN(-quantum, significand) === 0n) return significand >> BigInt(-quantum);
  sink.flags |= FloatFlag.NX;
  return shiftRounded(mode, isNegative(format, a), significand, -quantum);
};

/** fcvt.{w,wu,l,lu}.fmt: saturates with NV alone when the rounded value does not fit; NaN counts as +∞. */
export const toInteger = (
  sink: FlagSink,
  format: FloatFormat,
  integer: IntegerFormat,
  mode: RoundingMode,
  a: bigint,
): bigint => {
  const [lowest, highest] = LIMITS[integer];
  const flagsBefore = sink.flags;
  const nan = isNan(format, a);
  const negative = !nan && isNegative(format, a);
  if (!nan && !isInfinite(format, a)) {
    const magnitude = integralMagnitude(sink, format, mode, a);
    const value = negative ? -magnitude : magnitude;
    if (value >= lowest && value <= highest) return toRegister(integer, value);
  }
  sink.flags = flagsBefore | FloatFlag.NV;
  return toRegister(integer, negative ? lowest : highest);
};

/** fcvtmod.w.d: towards zero, modulo 2^32; flags as fcvt.w.d, and 0 for NaN and infinities (Zfa). */
export const toIntegerModular = (sink: FlagSink, format: FloatFormat, a: bigint): bigint => {
  const flagsBefore = sink.flags;
  if (isNan(format, a) || isInfinite(format, a)) {
    sink.flags |= FloatFlag.NV;
    return 0n;
  }
  const magnitude = integralMagnitude(sink, format, RoundingMode.RTZ, a);
  const value = isNegative(format, a) ? -magnitude : magnitude;
  const [lowest, highest] = LIMITS.w;
  if (value < lowest || value > highest) sink.flags = flagsBefore | FloatFlag.NV;
  return toRegister('w', value);
};

/** fcvt.fmt.{w,wu,l,lu}: `register` holds the integer in its low 32 or 64 bits. */
export const fromInteger = (
  sink: FlagSink,
  format: FloatFormat,
  integer: IntegerFormat,
  mode: RoundingMode,
  register: bigint,
): bigint => {
  const bits = integer === 'w' || integer === 'wu' ? 32 : 64;
  const value = integer === 'w' || integer === 'l' ? BigInt.asIntN(bits, register) : BigInt.asUintN(bits, register);
  if (value === 0n) return 0n;
  return roundToFormat(sink, format, mode, value < 0n, value < 0n ? -value : value, 0);
};

/** fround and froundnx (Zfa): an integral number of the same format; only froundnx raises NX. */
export const roundToIntegral = (
  sink: FlagSink,
  format: FloatFormat,
  mode: RoundingMode,
  inexact: 'raise' | 'ignore',
  a: bigint,
): bigint => {
  if (isNan(format, a)) {
    if (isSignalingNan(format, a)) sink.flags |= FloatFlag.NV;
    return format.canonicalNan;
  }
  if (isInfinite(format, a) || isZero(format, a) || quantumOf(format, a) >= 0) return a;
  const flagsBefore = sink.flags;
  const magnitude = integralMagnitude(sink, format, mode, a);
  if (inexact === 'ignore') sink.flags = flagsBefore;
  if (magnitude === 0n) return a & format.signBit;
  return roundToFormat(sink, format, mode, isNegative(format, a), magnitude, 0);
};
