import type { FloatFormat, FloatOperation } from '@vivarium/isa-riscv';
import type { InstructionFrame } from './instruction-frame.ts';
import { emitConversion, emitFromInteger, emitToInteger } from './float-conversion.ts';
import { emitFused } from './float-fused.ts';
import { emitInexactSet, emitIsNormal, emitNative, emitSource, setBoxed } from './float-value.ts';
import { emitLoad, emitStore } from './memory-access.ts';

const BOX = 0xffffffff_00000000n;

const BYTES: Readonly<Record<FloatFormat, 2 | 4 | 8>> = { h: 2, s: 4, d: 8 };
const BOXES: Readonly<Record<FloatFormat, bigint>> = { h: 0xffffffff_ffff0000n, s: BOX, d: 0n };

/** f[rd] = a load, boxed. */
export const emitFloatLoad = (frame: InstructionFrame, format: FloatFormat, address: () => number): void => {
  const { f, locals, operands } = frame;
  frame.checkFloat();
  const value = locals.take('i64');
  emitLoad(frame, address(), BYTES[format], false);
  f.i64(BOXES[format]).op('i64.or').set(value);
  frame.dirtyFloat();
  operands.setF(() => f.get(value));
};

export const emitFloatStore = (frame: InstructionFrame, format: FloatFormat, address: () => number): void => {
  frame.checkFloat();
  emitStore(frame, address(), BYTES[format], () => frame.operands.f('rs2'));
};

/**
 * Native arithmetic where it is provably the whole truth: rounding to nearest, a normal result (so neither overflow nor
 * underflow nor invalid) or an exact zero, and the inexact flag already set or the result shown to be exact. Everything
 * else is slow.
 */
const emitArithmetic = (
  frame: InstructionFrame,
  operation: 'add' | 'sub' | 'mul' | 'div' | 'sqrt',
  format: 's' | 'd',
): void => {
  const { f, locals } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [a, b, result] = [locals.take(type), locals.take(type), locals.take(type)];
  emitSource(frame, format, 'rs1');
  f.set(a);
  if (operation !== 'sqrt') {
    emitSource(frame, format, 'rs2');
    f.set(b);
  }
  const compute = (): number => {
    f.get(a);
    if (operation !== 'sqrt') f.get(b);
    f.op(`${type}.${operation}`).set(result);
    return result;
  };
  emitNative(frame, format, compute, () => {
    emitIsNormal(frame, format, result);
    emitInexactSet(frame);
    if (operation === 'add' || operation === 'sub') {
      emitSumIsExact(frame, operation, type, a, b, result);
      f.op('i32.or');
    } else if (operation === 'mul') {
      emitProductIsExact(frame, format, a, b);
      f.op('i32.or');
    }
    f.op('i32.and');
    emitExactZero(frame, operation, type, a, b, result);
    f.op('i32.or');
    frame.nearest();
    f.op('i32.and').if();
    setBoxed(frame, format, result);
    f.else();
    frame.slowFloat();
    f.end();
  });
};

const pushZero = (frame: InstructionFrame, type: 'f32' | 'f64'): void => {
  if (type === 'f64') frame.f.f64(0);
  else frame.f.f32(0);
};

/** Pushes 1 when the result is a zero that no rounding made: sums that cancel, products and quotients of zero. */
const emitExactZero = (
  frame: InstructionFrame,
  operation: 'add' | 'sub' | 'mul' | 'div' | 'sqrt',
  type: 'f32' | 'f64',
  a: number,
  b: number,
  result: number,
): void => {
  const { f } = frame;
  const isZero = (value: number): void => {
    f.get(value);
    pushZero(frame, type);
    f.op(`${type}.eq`);
  };
  isZero(result);
  if (operation === 'add' || operation === 'sub') return;
  isZero(a);
  if (operation === 'mul') {
    isZero(b);
    f.op('i32.or');
  }
  f.op('i32.and');
};

/** Knuth's TwoSum: pushes 1 when a ± b = result without error. */
const emitSumIsExact = (
  frame: InstructionFrame,
  operation: 'add' | 'sub',
  type: 'f32' | 'f64',
  a: number,
  b: number,
  result: number,
): void => {
  const { f, locals } = frame;
  const [right, virtual] = [locals.take(type), locals.take(type)];
  f.get(b);
  if (operation === 'sub') f.op(`${type}.neg`);
  f.set(right);
  f.get(result).get(a).op(`${type}.sub`).set(virtual);
  f.get(a).get(result).get(virtual).op(`${type}.sub`).op(`${type}.eq`);
  f.get(right).get(virtual).op(`${type}.eq`).op('i32.and');
};

/** Pushes 1 when the significands together have no more bits than the format: then the product has them all. */
const emitProductIsExact = (frame: InstructionFrame, format: 's' | 'd', a: number, b: number): void => {
  const { f } = frame;
  const trailingZeros = (value: number): void => {
    f.get(value);
    if (format === 'd')
      f.op('i64.reinterpret_f64')
        .i64(1n << 52n)
        .op('i64.or')
        .op('i64.ctz')
        .op('i32.wrap_i64');
    else
      f.op('i32.reinterpret_f32')
        .i32(1 << 23)
        .op('i32.or')
        .op('i32.ctz');
  };
  trailingZeros(a);
  trailingZeros(b);
  f.op('i32.add')
    .i32(format === 'd' ? 53 : 24)
    .op('i32.ge_s');
};

/** Sign injection works on bits; an unboxed single is replaced first. */
const emitSignInjection = (frame: InstructionFrame, operation: 'sgnj' | 'sgnjn' | 'sgnjx', format: 's' | 'd'): void => {
  const { f, locals, operands } = frame;
  const type = format === 'd' ? 'i64' : 'i32';
  const [a, b] = [locals.take(type), locals.take(type)];
  const bits = format === 'd' ? 'i64.reinterpret_f64' : 'i32.reinterpret_f32';
  const constant = (sign: boolean): void => {
    if (format === 'd') f.i64(sign ? -(1n << 63n) : (1n << 63n) - 1n);
    else f.i32(sign ? 0x80000000 | 0 : 0x7fffffff);
  };
  emitSource(frame, format, 'rs1');
  f.op(bits).set(a);
  emitSource(frame, format, 'rs2');
  f.op(bits).set(b);
  frame.dirtyFloat();
  operands.setF(() => {
    f.get(a);
    if (operation !== 'sgnjx') {
      constant(false);
      f.op(`${type}.and`);
    }
    f.get(b);
    constant(true);
    f.op(`${type}.and`);
    if (operation === 'sgnjn') {
      constant(true);
      f.op(`${type}.xor`);
    }
    f.op(operation === 'sgnjx' ? `${type}.xor` : `${type}.or`);
    if (format === 's') f.op('i64.extend_i32_u').i64(BOX).op('i64.or');
  });
};

const COMPARISONS = { eq: 'eq', lt: 'lt', le: 'le', ltq: 'lt', leq: 'le' } as const;

/** Without NaNs the native minimum and maximum are RISC-V's, signed zeros included. */
const emitExtremum = (frame: InstructionFrame, operation: 'min' | 'max', format: 's' | 'd'): void => {
  const { f, locals } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [a, b, result] = [locals.take(type), locals.take(type), locals.take(type)];
  emitSource(frame, format, 'rs1');
  f.tee(a);
  emitSource(frame, format, 'rs2');
  f.tee(b).op(`${type}.${operation}`).tee(result);
  f.get(result).op(`${type}.eq`).likely().if();
  setBoxed(frame, format, result);
  f.else();
  frame.slowFloat();
  f.end();
};

/** Without NaNs a comparison raises nothing. */
const emitComparison = (frame: InstructionFrame, operation: keyof typeof COMPARISONS, format: 's' | 'd'): void => {
  const { f, locals, operands } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [a, b] = [locals.take(type), locals.take(type)];
  emitSource(frame, format, 'rs1');
  f.tee(a).get(a).op(`${type}.eq`);
  emitSource(frame, format, 'rs2');
  f.tee(b).get(b).op(`${type}.eq`).op('i32.and').likely().if();
  operands.setX(() => f.get(a).get(b).op(`${type}.${COMPARISONS[operation]}`).op('i64.extend_i32_u'));
  f.else();
  frame.slowFloat();
  f.end();
};

const emitMoveToX = (frame: InstructionFrame, format: FloatFormat): void => {
  const { f, operands } = frame;
  operands.setX(() => {
    operands.f('rs1');
    if (format === 's') f.op('i64.extend32_s');
    else if (format === 'h') f.op('i64.extend16_s');
  });
};

const emitMoveFromX = (frame: InstructionFrame, format: FloatFormat): void => {
  const { f, operands } = frame;
  frame.dirtyFloat();
  operands.setF(() => {
    operands.x('rs1');
    if (format !== 'd') f.i64(BOXES[format]).op('i64.or');
  });
};

/** Appends one floating-point instruction. */
export const emitFloat = (frame: InstructionFrame, float: FloatOperation): void => {
  frame.checkFloat();
  switch (float.operation) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'sqrt':
      emitArithmetic(frame, float.operation, float.format);
      return;
    case 'madd':
    case 'msub':
    case 'nmsub':
    case 'nmadd':
      emitFused(frame, float.operation, float.format);
      return;
    case 'min':
    case 'max':
      emitExtremum(frame, float.operation, float.format);
      return;
    case 'sgnj':
    case 'sgnjn':
    case 'sgnjx':
      emitSignInjection(frame, float.operation, float.format);
      return;
    case 'eq':
    case 'lt':
    case 'le':
    case 'ltq':
    case 'leq':
      emitComparison(frame, float.operation, float.format);
      return;
    case 'move-to-x':
      emitMoveToX(frame, float.format);
      return;
    case 'move-from-x':
      emitMoveFromX(frame, float.format);
      return;
    case 'from-integer':
      emitFromInteger(frame, float.format, float.integer);
      return;
    case 'to-integer':
      emitToInteger(frame, float.format, float.integer);
      return;
    case 'to-float':
      emitConversion(frame, float.format, float.from);
      return;
    default:
      frame.slowFloat();
  }
};
