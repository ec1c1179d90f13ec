import type { FloatFormat, FloatOperation } from '@vivarium/isa-riscv';
import type { Opcode } from '@vivarium/wasm-emit';
import { STATE_FFLAGS } from '../state/layout.ts';
import type { InstructionFrame } from './instruction-frame.ts';
import { emitLoad, emitStore } from './memory-access.ts';

const FLAG_NX = 1;
const BOX = 0xffffffff_00000000n;
const CANONICAL_NAN_SINGLE = 0x7fc00000;

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

/** Pushes f[field] as f32 or f64; a single that is not boxed counts as the canonical NaN. */
const emitSource = (frame: InstructionFrame, format: 's' | 'd', field: 'rs1' | 'rs2' | 'rs3'): void => {
  const { f, operands } = frame;
  if (format === 'd') {
    operands.f(field);
    f.op('f64.reinterpret_i64');
    return;
  }
  operands.f(field);
  f.op('i32.wrap_i64').i32(CANONICAL_NAN_SINGLE);
  operands.f(field);
  f.i64(BOX).op('i64.ge_u').op('select').op('f32.reinterpret_i32');
};

/** Pushes the exponent field of the float in local `value`, and whether it is neither 0 nor all ones. */
const emitIsNormal = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  // (exponent − 1) as unsigned is below (all ones − 1) exactly for normal numbers.
  f.get(value);
  if (format === 'd') {
    f.op('i64.reinterpret_f64').i64(52n).op('i64.shr_u').op('i32.wrap_i64').i32(0x7ff).op('i32.and');
    f.i32(1).op('i32.sub').i32(0x7fe).op('i32.lt_u');
  } else {
    f.op('i32.reinterpret_f32').i32(23).op('i32.shr_u').i32(0xff).op('i32.and');
    f.i32(1).op('i32.sub').i32(0xfe).op('i32.lt_u');
  }
};

const setBoxed = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  frame.dirtyFloat();
  frame.operands.setF(() => {
    f.get(value);
    if (format === 'd') f.op('i64.reinterpret_f64');
    else f.op('i32.reinterpret_f32').op('i64.extend_i32_u').i64(BOX).op('i64.or');
  });
};

/**
 * Native arithmetic where it is provably the whole truth: rounding to nearest, a normal result (so neither overflow nor
 * underflow nor invalid), and the inexact flag already set or the result shown to be exact. Everything else is slow.
 */
const emitArithmetic = (
  frame: InstructionFrame,
  operation: 'add' | 'sub' | 'mul' | 'div' | 'sqrt',
  format: 's' | 'd',
): void => {
  const { f, locals, state } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [a, b, result] = [locals.take(type), locals.take(type), locals.take(type)];
  emitSource(frame, format, 'rs1');
  f.set(a);
  if (operation !== 'sqrt') {
    emitSource(frame, format, 'rs2');
    f.set(b);
  }
  f.get(a);
  if (operation !== 'sqrt') f.get(b);
  f.op(`${type}.${operation}` as Opcode).set(result);
  frame.nearest();
  emitIsNormal(frame, format, result);
  f.op('i32.and');
  frame.base();
  f.memory('i32.load', state + STATE_FFLAGS)
    .i32(FLAG_NX)
    .op('i32.and');
  if (operation === 'add' || operation === 'sub') {
    // Sterbenz-free check: the error of a sum is a float, and it is zero exactly when both parts come back.
    emitSumIsExact(frame, operation, type, a, b, result);
    f.op('i32.or');
  }
  f.op('i32.and').if();
  setBoxed(frame, format, result);
  f.else();
  frame.slowFloat();
  f.end();
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

/** Without NaNs a comparison raises nothing. */
const emitComparison = (frame: InstructionFrame, operation: keyof typeof COMPARISONS, format: 's' | 'd'): void => {
  const { f, locals, operands } = frame;
  const type = format === 'd' ? 'f64' : 'f32';
  const [a, b] = [locals.take(type), locals.take(type)];
  emitSource(frame, format, 'rs1');
  f.tee(a).get(a).op(`${type}.eq`);
  emitSource(frame, format, 'rs2');
  f.tee(b).get(b).op(`${type}.eq`).op('i32.and').if();
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

/** The integers of 32 bits all have an exact double. */
const emitExactFromInteger = (frame: InstructionFrame, signed: boolean): void => {
  const { f, operands } = frame;
  frame.dirtyFloat();
  operands.setF(() => {
    operands.x('rs1');
    f.op('i32.wrap_i64')
      .op(signed ? 'f64.convert_i32_s' : 'f64.convert_i32_u')
      .op('i64.reinterpret_f64');
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
      if (float.format === 'd' && (float.integer === 'w' || float.integer === 'wu')) {
        emitExactFromInteger(frame, float.integer === 'w');
      } else frame.slowFloat();
      return;
    default:
      frame.slowFloat();
  }
};
