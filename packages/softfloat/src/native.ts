/**
 * Hot path: the common case by the host's doubles and error-free transformations (Muller et al., Handbook of
 * Floating-Point Arithmetic, 2nd edition, chapters 4 and 5). A host operation gives the result rounded to nearest; the
 * transformation gives the sign of what was rounded away, from which follow NX and the directed results.
 * Whatever is special, too large or too small for that is declined (`undefined`) and done by integers.
 */
import { binary32, binary64, type FloatFormat } from './format.ts';
import { FloatFlag, type FlagSink, RoundingMode } from './rounding.ts';

/** Veltkamp's constant: splits a double into two halves of 26 bits. */
const SPLITTER = 2 ** 27 + 1;
/** Results and factors in this range neither overflow nor underflow, and neither do the error terms. */
const SAFE_LOW = 2 ** -450;
const SAFE_HIGH = 2 ** 450;
/** Sums need no lower bound but zero: addition never underflows inexactly. */
const SUM_HIGH = 2 ** 1000;
const SINGLE_LOW = 2 ** -125;
const SINGLE_HIGH = 2 ** 127;

const safe = (value: number): boolean => {
  const magnitude = Math.abs(value);
  return magnitude > SAFE_LOW && magnitude < SAFE_HIGH;
};

/** a + b − sum exactly, for sum = a + b rounded to nearest (Knuth's 2Sum). */
const sumError = (a: number, b: number, sum: number): number => {
  const virtualB = sum - a;
  return a - (sum - virtualB) + (b - virtualB);
};

/** a × b − product exactly, for product = a × b rounded to nearest (Dekker). */
const productError = (a: number, b: number, product: number): number => {
  const bigA = SPLITTER * a;
  const highA = bigA - (bigA - a);
  const lowA = a - highA;
  const bigB = SPLITTER * b;
  const highB = bigB - (bigB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
};

/** Arithmetic by host doubles, over bit patterns. */
export class NativeArithmetic {
  readonly #sink: FlagSink;
  readonly #double = new Float64Array(1);
  readonly #bits = new BigUint64Array(this.#double.buffer);
  readonly #words = new Uint32Array(this.#double.buffer);
  readonly #single = new Float32Array(1);
  readonly #singleBits = new Uint32Array(this.#single.buffer);
  /** Index of the less significant word of a double. */
  readonly #low: 0 | 1;

  constructor(sink: FlagSink) {
    this.#sink = sink;
    this.#double[0] = 1;
    this.#low = this.#words[0] === 0 ? 0 : 1;
  }

  add(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint | undefined {
    if (mode === RoundingMode.RMM || format.width < 32) return undefined;
    const x = this.#load(format, a);
    const y = this.#load(format, b);
    const sum = x + y;
    const magnitude = Math.abs(sum);
    if (!(magnitude > 0 && magnitude < SUM_HIGH)) return undefined;
    return this.#finish(format, mode, sum, sumError(x, y, sum));
  }

  multiply(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint | undefined {
    if (mode === RoundingMode.RMM || format.width < 32) return undefined;
    const x = this.#load(format, a);
    const y = this.#load(format, b);
    const product = x * y;
    if (!(safe(x) && safe(y) && safe(product))) return undefined;
    // Two significands of singles fit in a double.
    return this.#finish(format, mode, product, format === binary32 ? 0 : productError(x, y, product));
  }

  divide(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint): bigint | undefined {
    if (mode === RoundingMode.RMM || format.width < 32) return undefined;
    const x = this.#load(format, a);
    const y = this.#load(format, b);
    const quotient = x / y;
    if (!(safe(x) && safe(y) && safe(quotient))) return undefined;
    const product = quotient * y;
    const remainder = x - product - productError(quotient, y, product);
    return this.#finish(format, mode, quotient, y < 0 ? -remainder : remainder);
  }

  squareRoot(format: FloatFormat, mode: RoundingMode, a: bigint): bigint | undefined {
    if (mode === RoundingMode.RMM || format.width < 32) return undefined;
    const x = this.#load(format, a);
    const root = Math.sqrt(x);
    if (!(safe(x) && safe(root))) return undefined;
    const square = root * root;
    return this.#finish(format, mode, root, x - square - productError(root, root, square));
  }

  multiplyAdd(format: FloatFormat, mode: RoundingMode, a: bigint, b: bigint, c: bigint): bigint | undefined {
    if (mode === RoundingMode.RMM || format.width < 32) return undefined;
    const x = this.#load(format, a);
    const y = this.#load(format, b);
    const z = this.#load(format, c);
    const product = x * y;
    if (!(safe(x) && safe(y) && (z === 0 || safe(z)) && safe(product))) return undefined;
    if (format === binary32) {
      const sum = product + z;
      return sum === 0 ? undefined : this.#finish(format, mode, sum, sumError(product, z, sum));
    }
    // Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008: the low parts are added with rounding
    // to odd, which keeps the sign of what is left for the last, correctly rounded addition.
    const low = productError(x, y, product);
    const upper = z + low;
    const upperError = sumError(z, low, upper);
    const high = product + upper;
    const highError = sumError(product, upper, high);
    const tail = highError + upperError;
    const tailError = sumError(highError, upperError, tail);
    const odd = this.#toOdd(tail, tailError);
    const result = high + odd;
    const error = sumError(high, odd, result);
    if (!safe(result) || (error === 0 && tailError !== 0)) return undefined;
    return this.#finish(format, mode, result, error);
  }

  #load(format: FloatFormat, bits: bigint): number {
    if (format === binary64) {
      this.#bits[0] = bits;
      return this.#double[0];
    }
    this.#singleBits[0] = Number(bits);
    return this.#single[0];
  }

  /** `value` moved to its odd neighbour towards the exact result when it is even and inexact ("rounding to odd"). */
  #toOdd(value: number, error: number): number {
    if (error === 0) return value;
    this.#double[0] = value;
    const word = this.#words[this.#low];
    if ((word & 1) !== 0) return value;
    // Away from zero the lowest bit is set; towards zero one is subtracted, with the borrow.
    if (error > 0 === value > 0) this.#words[this.#low] = word | 1;
    else this.#bits[0] = this.#bits[0] - 1n;
    return this.#double[0];
  }

  /** `value` is the exact result rounded to nearest in double, `error` has the sign of exact − value. */
  #finish(format: FloatFormat, mode: RoundingMode, value: number, error: number): bigint | undefined {
    if (format === binary32) return this.#finishSingle(mode, this.#toOdd(value, error));
    this.#double[0] = value;
    const bits = this.#bits[0];
    if (error === 0) return bits;
    this.#sink.flags |= FloatFlag.NX;
    if (mode === RoundingMode.RNE) return bits;
    const step = stepTowards(mode, value < 0, error);
    return step === 0 ? bits : bits + BigInt(step);
  }

  /** Rounds a double that was rounded to odd: it has 29 bits more than a single, so nothing is lost. */
  #finishSingle(mode: RoundingMode, value: number): bigint | undefined {
    const nearest = Math.fround(value);
    this.#single[0] = nearest;
    const bits = this.#singleBits[0];
    if (nearest === value) return BigInt(bits);
    const magnitude = Math.abs(value);
    if (!(magnitude > SINGLE_LOW && magnitude < SINGLE_HIGH)) return undefined;
    this.#sink.flags |= FloatFlag.NX;
    if (mode === RoundingMode.RNE) return BigInt(bits);
    return BigInt(bits + stepTowards(mode, value < 0, value - nearest));
  }
}

/** From the nearest number to the directed result, in units of the bit pattern: −1, 0 or 1. */
const stepTowards = (mode: RoundingMode, negative: boolean, error: number): number => {
  const outwards = error < 0 === negative;
  switch (mode) {
    case RoundingMode.RTZ:
      return outwards ? 0 : -1;
    case RoundingMode.RDN:
      return error > 0 ? 0 : outwards ? 1 : -1;
    case RoundingMode.RUP:
      return error < 0 ? 0 : outwards ? 1 : -1;
    default:
      return 0;
  }
};
