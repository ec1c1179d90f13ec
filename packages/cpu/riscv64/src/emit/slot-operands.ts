import type { RegisterField } from '@vivarium/isa-riscv';
import type { FunctionBuilder } from '@vivarium/wasm-emit';
import { STATE_F, STATE_X } from '../state/layout.ts';
import type { Operands } from './operands.ts';

/** Byte of a slot that holds a register field's offset (see decode/slot.ts); rs3 shares the immediate of cold slots. */
const FIELD_BYTE: Readonly<Record<RegisterField, number>> = { rd: 1, rs1: 2, rs2: 3, rs3: 4 };

export interface SlotFrame {
  readonly f: FunctionBuilder;
  readonly state: number;
  /** Local with the address of the slot. */
  readonly slot: number;
  /** Pushes the immediate of the slot as i64. */
  immediate(): void;
  pc(): void;
  nextPc(): void;
}

/** Operands read from a decoded slot at run time. */
export const slotOperands = (frame: SlotFrame): Operands => {
  const { f, state, slot } = frame;
  const pushOffset = (field: RegisterField): void => {
    f.get(slot).memory('i32.load8_u', FIELD_BYTE[field]);
    // The rounding mode sits below rs3.
    if (field === 'rs3') f.i32(0xf8).op('i32.and');
  };
  return {
    x: (field) => {
      pushOffset(field);
      f.memory('i64.load', state + STATE_X);
    },
    f: (field) => {
      pushOffset(field);
      f.memory('i64.load', state + STATE_F);
    },
    double: (field) => {
      pushOffset(field);
      f.memory('f64.load', state + STATE_F);
    },
    setX: (value) => {
      pushOffset('rd');
      value();
      f.memory('i64.store', state + STATE_X);
    },
    setF: (value) => {
      pushOffset('rd');
      value();
      f.memory('i64.store', state + STATE_F);
    },
    setDouble: (value) => {
      pushOffset('rd');
      value();
      f.memory('f64.store', state + STATE_F);
    },
    immediate: () => frame.immediate(),
    pc: () => frame.pc(),
    nextPc: () => frame.nextPc(),
  };
};
