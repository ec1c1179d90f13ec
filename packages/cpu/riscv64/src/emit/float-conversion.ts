import type { FloatFormat, IntegerFormat } from '@vivarium/isa-riscv';
import type { Opcode } from '@vivarium/wasm-emit';
import { emitInexactSet, emitIsNormal, emitRaiseInexact, emitSource, setBoxed } from './float-value.ts';
import type { InstructionFrame } from './instruction-frame.ts';

/** Rounding mode RTZ in field rm: what a cast in C compiles to. */
const TOWARDS_ZERO = 1;

/** Doubles strictly between these truncate to a value of the integer format. */
const LIMITS: Readonly<Record<IntegerFormat, readonly [number, number]>> = {
  w: [-2147483649, 2147483648],
  wu: [-1, 4294967296],
  // The double below −2^63 and the one that is 2^63; the lower limit is exact, so it is compared with one less.
  l: [-9223372036854777856, 9223372036854775808],
  lu: [-1, 18446744073709551616],
};

/** Float to integer towards zero, for values in range; everything else is slow. */
export const emitToInteger = (frame: InstructionFrame, format: 's' | 'd', integer: IntegerFormat): void => {
  const { f, locals, operands } = frame;
  const [value, whole] = [locals.take('f64'), locals.take('f64')];
  emitSource(frame, format, 'rs1');
  if (format === 's') f.op('f64.promote_f32');
  f.tee(value).op('f64.trunc').set(whole);
  const [low, high] = LIMITS[integer];
  f.get(value).f64(low).op('f64.gt').get(value).f64(high).op('f64.lt').op('i32.and');
  frame.rounding();
  f.i32(TOWARDS_ZERO).op('i32.eq').op('i32.and').likely().if();
  emitRaiseInexact(frame, () => f.get(whole).get(value).op('f64.ne'));
  operands.setX(() => {
    f.get(whole).op(integer === 'lu' ? 'i64.trunc_sat_f64_u' : 'i64.trunc_sat_f64_s');
    // 32-bit results are sign-extended, unsigned ones too.
    if (integer === 'w' || integer === 'wu') f.op('i64.extend32_s');
  });
  f.else();
  frame.slowFloat();
  f.end();
};

/** Integer to float: exact ones in every mode, others to nearest while inexact is already set. */
export const emitFromInteger = (frame: InstructionFrame, format: 's' | 'd', integer: IntegerFormat): void => {
  const { f, locals, operands } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [value, result] = [locals.take('i64'), locals.take(type)];
  operands.x('rs1');
  if (integer === 'w') f.op('i64.extend32_s');
  else if (integer === 'wu') f.i64(0xffffffffn).op('i64.and');
  f.tee(value)
    .op(`${type}.convert_i64_${integer === 'lu' ? 'u' : 's'}` as Opcode)
    .set(result);
  if (format === 'd' && (integer === 'w' || integer === 'wu')) {
    setBoxed(frame, format, result);
    return;
  }
  const exact = 1n << (format === 'd' ? 53n : 24n);
  if (integer === 'lu') f.get(value).i64(exact).op('i64.le_u');
  // |value| <= 2^p holds exactly when value + 2^p is at most 2^(p + 1) as an unsigned number.
  else {
    f.get(value)
      .i64(exact)
      .op('i64.add')
      .i64(exact * 2n)
      .op('i64.le_u');
  }
  emitInexactSet(frame);
  frame.nearest();
  f.op('i32.and').op('i32.or').likely().if();
  setBoxed(frame, format, result);
  f.else();
  frame.slowFloat();
  f.end();
};

/** Between single and double; half precision is slow. */
export const emitConversion = (frame: InstructionFrame, to: FloatFormat, from: FloatFormat): void => {
  const { f, locals } = frame;
  if (to === 'd' && from === 's') {
    const result = locals.take('f64');
    emitSource(frame, 's', 'rs1');
    f.op('f64.promote_f32').tee(result).get(result).op('f64.eq').if();
    setBoxed(frame, 'd', result);
  } else if (to === 's' && from === 'd') {
    const [value, result] = [locals.take('f64'), locals.take('f32')];
    emitSource(frame, 'd', 'rs1');
    f.tee(value).op('f32.demote_f64').set(result);
    emitIsNormal(frame, 's', result);
    frame.nearest();
    f.op('i32.and');
    f.get(value).f64(0).op('f64.eq').op('i32.or').if();
    emitRaiseInexact(frame, () => f.get(result).op('f64.promote_f32').get(value).op('f64.ne'));
    setBoxed(frame, 's', result);
  } else {
    frame.slowFloat();
    return;
  }
  f.else();
  frame.slowFloat();
  f.end();
};
