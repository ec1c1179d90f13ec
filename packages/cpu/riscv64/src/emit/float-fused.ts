import { emitInexactSet, emitIsNormal, emitNative, emitRaiseInexact, emitSource, setBoxed } from './float-value.ts';
import type { InstructionFrame } from './instruction-frame.ts';

type Fused = 'madd' | 'msub' | 'nmsub' | 'nmadd';

/** Which of product and addend change sign: msub is a × b − c, nmsub −(a × b) + c, nmadd −(a × b) − c. */
const NEGATES_PRODUCT: Readonly<Record<Fused, boolean>> = { madd: false, msub: false, nmsub: true, nmadd: true };
const NEGATES_ADDEND: Readonly<Record<Fused, boolean>> = { madd: false, msub: true, nmsub: false, nmadd: true };

/** Veltkamp's constant for 53 bits: 2^27 + 1. */
const SPLIT = 134217729;
/** Exponents between which no intermediate of the algorithm overflows or loses bits. */
const FACTOR_EXPONENTS = 250;
const ADDEND_EXPONENTS = 500;
const BIAS = 1023;

/** Binary operations on f64 locals. */
class Doubles {
  readonly #frame: InstructionFrame;

  constructor(frame: InstructionFrame) {
    this.#frame = frame;
  }

  local(): number {
    return this.#frame.locals.take('f64');
  }

  /** A new local with a ∘ b. */
  compute(operation: 'add' | 'sub' | 'mul', a: number, b: number): number {
    const result = this.local();
    this.#frame.f.get(a).get(b).op(`f64.${operation}`).set(result);
    return result;
  }

  /** Knuth's TwoSum: a + b = sum + error exactly. */
  twoSum(a: number, b: number): { readonly sum: number; readonly error: number } {
    const sum = this.compute('add', a, b);
    const right = this.compute('sub', sum, a);
    const left = this.compute('sub', sum, right);
    const error = this.compute('add', this.compute('sub', a, left), this.compute('sub', b, right));
    return { sum, error };
  }

  /** Dekker's product: a × b = product + error exactly. */
  twoProduct(a: number, b: number): { readonly product: number; readonly error: number } {
    const product = this.compute('mul', a, b);
    const [aHigh, aLow] = this.#halves(a);
    const [bHigh, bLow] = this.#halves(b);
    const first = this.compute('sub', this.compute('mul', aHigh, bHigh), product);
    const second = this.compute('add', first, this.compute('mul', aHigh, bLow));
    const third = this.compute('add', second, this.compute('mul', aLow, bHigh));
    return { product, error: this.compute('add', third, this.compute('mul', aLow, bLow)) };
  }

  #halves(value: number): readonly [number, number] {
    const { f } = this.#frame;
    const scaled = this.local();
    f.get(value).f64(SPLIT).op('f64.mul').set(scaled);
    const high = this.compute('sub', scaled, this.compute('sub', scaled, value));
    return [high, this.compute('sub', value, high)];
  }

  /** Rounds sum + error to odd: an inexact sum gets its last bit set, so that a later rounding decides rightly. */
  roundToOdd(sum: number, error: number): number {
    const { f, locals } = this.#frame;
    const bits = locals.take('i64');
    const result = this.local();
    f.get(sum).op('i64.reinterpret_f64').set(bits);
    f.get(error).f64(0).op('f64.ne').get(bits).op('i32.wrap_i64').i32(1).op('i32.and').op('i32.eqz').op('i32.and').if();
    // Away from zero when the error has the sign of the sum, else towards it: either way to the odd neighbour.
    f.get(bits).i64(1n).i64(-1n);
    f.get(error).op('i64.reinterpret_f64').get(bits).op('i64.xor').i64(0n).op('i64.ge_s').op('select');
    f.op('i64.add').set(bits);
    f.end();
    f.get(bits).op('f64.reinterpret_i64').set(result);
    return result;
  }
}

/** Pushes 1 when the exponent of the double in `value` is within `range` of that of 1. */
const emitExponentWithin = (frame: InstructionFrame, value: number, range: number): void => {
  frame.f
    .get(value)
    .op('i64.reinterpret_f64')
    .i64(52n)
    .op('i64.shr_u')
    .op('i32.wrap_i64')
    .i32(0x7ff)
    .op('i32.and')
    .i32(BIAS - range)
    .op('i32.sub')
    .i32(2 * range)
    .op('i32.le_u');
};

/**
 * Fused multiply-add with one rounding, by error-free transformations (S. Boldo, G. Melquiond, "Emulation of FMA and
 * correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 57, 2008).
 */
export const emitFused = (frame: InstructionFrame, operation: Fused, format: 's' | 'd'): void => {
  const { f } = frame;
  const doubles = new Doubles(frame);
  const [a, b, c] = [doubles.local(), doubles.local(), doubles.local()];
  const take = (field: 'rs1' | 'rs2' | 'rs3', negate: boolean, into: number): void => {
    emitSource(frame, format, field);
    if (format === 's') f.op('f64.promote_f32');
    if (negate) f.op('f64.neg');
    f.set(into);
  };
  take('rs1', NEGATES_PRODUCT[operation], a);
  take('rs2', false, b);
  take('rs3', NEGATES_ADDEND[operation], c);
  const emulate = (): void => {
    if (format === 'd') emitFusedDouble(frame, doubles, a, b, c);
    else emitFusedSingle(frame, doubles, a, b, c);
  };
  if (frame.nativeFloat?.fused === true)
    emitNative(
      frame,
      format,
      () => emitRelaxed(frame, format, [a, b, c]),
      () => frame.slowFloat(),
    );
  else emulate();
};

/** A local with a × b + c by the engine's fused operation. */
const emitRelaxed = (frame: InstructionFrame, format: 's' | 'd', operands: readonly number[]): number => {
  const { f, locals } = frame;
  const result = locals.take(format === 'd' ? 'f64' : 'f32');
  const shape = format === 'd' ? 'f64x2' : 'f32x4';
  for (const operand of operands) {
    f.get(operand);
    if (format === 's') f.op('f32.demote_f64');
    f.vector(`${shape}.splat`);
  }
  f.vector(`${shape}.relaxed_madd`).vector(`${shape}.extract_lane`, 0).set(result);
  return result;
};

const emitFusedDouble = (frame: InstructionFrame, doubles: Doubles, a: number, b: number, c: number): void => {
  const { f } = frame;
  emitExponentWithin(frame, a, FACTOR_EXPONENTS);
  emitExponentWithin(frame, b, FACTOR_EXPONENTS);
  f.op('i32.and');
  emitExponentWithin(frame, c, ADDEND_EXPONENTS);
  f.get(c).f64(0).op('f64.eq').op('i32.or').op('i32.and');
  frame.nearest();
  f.op('i32.and').if();
  const { product, error } = doubles.twoProduct(a, b);
  const upper = doubles.twoSum(c, error);
  const total = doubles.twoSum(product, upper.sum);
  const rest = doubles.twoSum(total.error, upper.error);
  const odd = doubles.roundToOdd(rest.sum, rest.error);
  const result = doubles.compute('add', total.sum, odd);
  emitInexactSet(frame);
  f.op('i32.eqz').if();
  const last = doubles.twoSum(total.sum, odd);
  emitRaiseInexact(frame, () => {
    f.get(rest.error).f64(0).op('f64.ne').get(last.error).f64(0).op('f64.ne').op('i32.or');
  });
  f.end();
  setBoxed(frame, 'd', result);
  f.else();
  frame.slowFloat();
  f.end();
};

/** The product of two singles is exact as a double, so one sum rounded to odd, then to single, is rounded once. */
const emitFusedSingle = (frame: InstructionFrame, doubles: Doubles, a: number, b: number, c: number): void => {
  const { f, locals } = frame;
  const result = locals.take('f32');
  const product = doubles.compute('mul', a, b);
  const { sum, error } = doubles.twoSum(product, c);
  const odd = doubles.roundToOdd(sum, error);
  f.get(odd).op('f32.demote_f64').set(result);
  // Normal results only: an infinity or NaN on the way does not give one.
  emitIsNormal(frame, 's', result);
  frame.nearest();
  f.op('i32.and').if();
  emitRaiseInexact(frame, () => {
    f.get(error).f64(0).op('f64.ne').get(result).op('f64.promote_f32').get(sum).op('f64.ne').op('i32.or');
  });
  setBoxed(frame, 's', result);
  f.else();
  frame.slowFloat();
  f.end();
};
