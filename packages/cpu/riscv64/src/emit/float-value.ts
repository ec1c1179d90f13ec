import { STATE_FFLAGS } from '../state/layout.ts';
import type { InstructionFrame } from './instruction-frame.ts';

const FLAG_NX = 1;
const BOX = 0xffffffff_00000000n;
const CANONICAL_NAN_SINGLE = 0x7fc00000;

/** Pushes f[field] as f32 or f64; a single that is not boxed counts as the canonical NaN. */
export const emitSource = (frame: InstructionFrame, format: 's' | 'd', field: 'rs1' | 'rs2' | 'rs3'): void => {
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

/**
 * Pushes 1 when the float in local `value` is normal, and not the smallest normal number either: that may have been
 * rounded up from a tiny result, which raises underflow (tininess is detected after rounding).
 */
export const emitIsNormal = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  // Exponent fields 2 to all ones − 1, as one unsigned comparison.
  f.get(value);
  if (format === 'd') {
    f.op('i64.reinterpret_f64').i64(52n).op('i64.shr_u').op('i32.wrap_i64').i32(0x7ff).op('i32.and');
    f.i32(2).op('i32.sub').i32(0x7fd).op('i32.lt_u');
  } else {
    f.op('i32.reinterpret_f32').i32(23).op('i32.shr_u').i32(0xff).op('i32.and');
    f.i32(2).op('i32.sub').i32(0xfd).op('i32.lt_u');
  }
};

/** f[rd] = the float in local `value`, boxed; the state becomes dirty. */
export const setBoxed = (frame: InstructionFrame, format: 's' | 'd', value: number): void => {
  const { f } = frame;
  frame.dirtyFloat();
  frame.operands.setF(() => {
    f.get(value);
    if (format === 'd') f.op('i64.reinterpret_f64');
    else f.op('i32.reinterpret_f32').op('i64.extend_i32_u').i64(BOX).op('i64.or');
  });
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
  f.if();
  frame.base();
  frame.base();
  f.memory('i32.load', state + STATE_FFLAGS)
    .i32(FLAG_NX)
    .op('i32.or')
    .memory('i32.store', state + STATE_FFLAGS);
  frame.dirtyFloat();
  f.end();
};
