import { classify, extremum, isEqual, isLess, isLessOrEqual } from './comparison.ts';
import { exactAdd, exactConvert, exactDivide, exactMultiply, exactMultiplyAdd, exactSquareRoot } from './exact.ts';
import type { FloatFormat } from './format.ts';
import { loadImmediate } from './immediate.ts';
import { fromInteger, type IntegerFormat, roundToIntegral, toInteger, toIntegerModular } from './integer.ts';
import { NativeArithmetic } from './native.ts';
import type { FlagSink, RoundingMode } from './rounding.ts';

/**
 * Every operation of F, D, Zfhmin and Zfa on bit patterns. Operands and results are unsigned bigints of the format's
 * width; NaN-boxing is the caller's. Comparisons give 0 or 1; integers are the contents of a 64-bit register, unsigned.
 */
export class FloatUnit implements FlagSink {
  /** Accrued exceptions in `fflags` order: NX 1, UF 2, OF 4, DZ 8, NV 16. The caller clears it. */
  flags = 0;
  readonly #native = new NativeArithmetic(this);

  add(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint {
    return this.#native.add(format, mode, a, b) ?? exactAdd(this, format, mode, a, b);
  }

  sub(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint {
    return this.add(format, mode, a, b ^ format.signBit);
  }

  mul(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint {
    return this.#native.multiply(format, mode, a, b) ?? exactMultiply(this, format, mode, a, b);
  }

  div(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint {
    return this.#native.divide(format, mode, a, b) ?? exactDivide(this, format, mode, a, b);
  }

  sqrt(format: FloatFormat, mode: RoundingMode, a: bigint): bigint {
    return this.#native.squareRoot(format, mode, a) ?? exactSquareRoot(this, format, mode, a);
  }

  /** a × b + c. */
  madd(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint, c: bigint): bigint {
    return this.#native.multiplyAdd(format, mode, a, b, c) ?? exactMultiplyAdd(this, format, mode, a, b, c);
  }

  /** a × b − c. */
  msub(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint, c: bigint): bigint {
    return this.madd(format, mode, a, b, c ^ format.signBit);
  }

  /** −(a × b) + c. */
  nmsub(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint, c: bigint): bigint {
    return this.madd(format, mode, a ^ format.signBit, b, c);
  }

  /** −(a × b) − c. */
  nmadd(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint, c: bigint): bigint {
    return this.madd(format, mode, a ^ format.signBit, b, c ^ format.signBit);
  }

  /** minimumNumber of IEEE 754-2019: a NaN loses. */
  min(format: FloatFormat, a: bigint, b: bigint): bigint {
    return extremum(this, format, 'minimum', 'number', a, b);
  }

  max(format: FloatFormat, a: bigint, b: bigint): bigint {
    return extremum(this, format, 'maximum', 'number', a, b);
  }

  /** minimum of IEEE 754-2019: a NaN wins. */
  minm(format: FloatFormat, a: bigint, b: bigint): bigint {
    return extremum(this, format, 'minimum', 'nan', a, b);
  }

  maxm(format: FloatFormat, a: bigint, b: bigint): bigint {
    return extremum(this, format, 'maximum', 'nan', a, b);
  }

  eq(format: FloatFormat, a: bigint, b: bigint): bigint {
    return isEqual(this, format, a, b) ? 1n : 0n;
  }

  /** Invalid for any NaN. */
  lt(format: FloatFormat, a: bigint, b: bigint): bigint {
    return isLess(this, format, 'signaling', a, b) ? 1n : 0n;
  }

  le(format: FloatFormat, a: bigint, b: bigint): bigint {
    return isLessOrEqual(this, format, 'signaling', a, b) ? 1n : 0n;
  }

  /** Invalid for signalling NaNs only. */
  ltq(format: FloatFormat, a: bigint, b: bigint): bigint {
    return isLess(this, format, 'quiet', a, b) ? 1n : 0n;
  }

  leq(format: FloatFormat, a: bigint, b: bigint): bigint {
    return isLessOrEqual(this, format, 'quiet', a, b) ? 1n : 0n;
  }

  /** The ten-bit mask of fclass. */
  classify(format: FloatFormat, a: bigint): bigint {
    return classify(format, a);
  }

  toInteger(format: FloatFormat, integer: IntegerFormat, mode: RoundingMode, a: bigint): bigint {
    return toInteger(this, format, integer, mode, a);
  }

  /** fcvtmod.w.d. */
  toIntegerModular(format: FloatFormat, a: bigint): bigint {
    return toIntegerModular(this, format, a);
  }

  fromInteger(format: FloatFormat, integer: IntegerFormat, mode: RoundingMode, register: bigint): bigint {
    return fromInteger(this, format, integer, mode, register);
  }

  convert(from: FloatFormat, to: FloatFormat, mode: RoundingMode, a: bigint): bigint {
    return exactConvert(this, from, to, mode, a);
  }

  /** fround: no NX. */
  round(format: FloatFormat, mode: RoundingMode, a: bigint): bigint {
    return roundToIntegral(this, format, mode, 'ignore', a);
  }

  /** froundnx. */
  roundnx(format: FloatFormat, mode: RoundingMode, a: bigint): bigint {
    return roundToIntegral(this, format, mode, 'raise', a);
  }

  /** fli: constant number `index`, 0–31. */
  loadImmediate(format: FloatFormat, index: number): bigint {
    return loadImmediate(format, index);
  }
}
