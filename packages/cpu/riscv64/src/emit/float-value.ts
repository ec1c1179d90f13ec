import { STATE_FFLAGS } from '../state/layout.ts';
import type { InstructionFrame } from './instruction-frame.ts';

export const FLAG_NX = 1;
const BOX = 0xffffffff_00000000n;
const CANONICAL_NAN_SINGLE = 0x7fc00000;

/** Pushes f[field] as f32 or f64; a single that is not boxed counts as the canonical NaN. */
export const emitSource = (frame: InstructionFrame, format: 's' | 'd', field: 'rs1' | 'rs2' | 'rs3'): void => {
  const { f, operands } = frame;
  if (format === 'd') {
    operands.double(field);
    return;
  }
  operands.f(field);
  f.op('i32.wrap_i64').i32(CANONICAL_NAN_SINGLE);
  operands.f(field);
  f.i64(BOX).op('i64.ge_u').op('select').op('f32.reinterpret_i32');
};

/**
 * Pushes 1 when the float in local `value` is normal, and not the smallest normal number either: that may have been
 * rounded up from a tiny result, which raises underflow (tininess is detected after rounding).
 */
export const emitIsNormal = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  // Exponent fields 2 to all ones − 1, as one unsigned comparison.
  f.get(value);
  if (format === 'd') {
    f.op('i64.reinterpret_f64').i64(1n).op('i64.shl');
    f.i64(2n << 53n)
      .op('i64.sub')
      .i64(BigInt.asIntN(64, 0x7fdn << 53n))
      .op('i64.lt_u');
  } else {
    f.op('i32.reinterpret_f32').i32(1).op('i32.shl');
    f.i32(2 << 24)
      .op('i32.sub')
      .i32((0xfd << 24) | 0)
      .op('i32.lt_u');
  }
};

/** f[rd] = the float in local `value`, boxed; the state becomes dirty. */
export const setBoxed = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  frame.dirtyFloat();
  if (format === 'd') frame.operands.setDouble(() => f.get(value));
  else frame.operands.setF(() => f.get(value).op('i32.reinterpret_f32').op('i64.extend_i32_u').i64(BOX).op('i64.or'));
};

/** Pushes fflags.NX: 0 or 1. Once it is set, inexact results change no flag any more. */
export const emitInexactSet = (frame: InstructionFrame): void => {
  const { f, state } = frame;
  frame.base();
  f.memory('i32.load', state + STATE_FFLAGS)
    .i32(FLAG_NX)
    .op('i32.and');
};

/** fflags.NX |= what `inexact` pushes (0 or 1), and only then is the state dirty. */
export const emitRaiseInexact = (frame: InstructionFrame, inexact: () => void): void => {
  const { f, state } = frame;
  inexact();
  f.unlikely().if();
  frame.base();
  frame.base();
  f.memory('i32.load', state + STATE_FFLAGS)
    .i32(FLAG_NX)
    .op('i32.or')
    .memory('i32.store', state + STATE_FFLAGS);
  frame.nativeFloat?.inexactRaised();
  frame.dirtyFloat();
  f.end();
};

/**
 * f[rd] = what `result` computes, where the translator knows that flags do not matter and the result is normal; else
 * what `exact` appends.
 */
export const emitNative = (
  frame: InstructionFrame,
  format: 's' | 'd',
  result: () => number,
  exact: (result: number) => void,
): void => {
  const { f, nativeFloat } = frame;
  const value = result();
  if (nativeFloat === undefined) {
    exact(value);
    return;
  }
  emitIsNormal(frame, format, value);
  nativeFloat.ready();
  f.op('i32.and').likely().if();
  setBoxed(frame, format, value);
  f.else();
  exact(value);
  f.end();
};
