// Hot code: runs once for each region that is translated.
import { CSR, type SystemOperation } from '@vivarium/isa-riscv';
import type { FunctionBuilder } from '@vivarium/wasm-emit';
import type { LocalPool, Operands } from '../emit/operands.ts';
import { csrSlot, SSTATUS_MASK, STATUS_UXL_HIGH } from '../state/csr-slots.ts';
import { MSTATUS_FS, MSTATUS_MXR, MSTATUS_SIE, MSTATUS_SUM, SUPERVISOR } from '../state/hart-state.ts';
import { STATE_ATTENTION, STATE_MSTATUS, STATE_PRIVILEGE } from '../state/layout.ts';
import type { Instruction } from './instruction.ts';
import { emitSupervisorRegime } from './regime.ts';

/** Registers that regions access by themselves: a kernel's trap entry and exit, and its interrupt flag. */
const INLINE: ReadonlySet<number> = new Set([CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval, CSR.sstatus]);

/** True for CSR accesses that need not leave a region. */
export const isInlineCsr = (operation: SystemOperation, number: number): boolean =>
  operation.startsWith('csrr') && INLINE.has(number);

export interface CsrFrame {
  readonly f: FunctionBuilder;
  readonly locals: LocalPool;
  readonly operands: Operands;
  /** Local with the offset of the hart's state. */
  readonly state: number;
  /** Takes the data TLBs and what goes with them from the state again. */
  translationChanged(): void;
  /** Lets the interpreter execute the instruction. Ends the path. */
  interpret(): void;
}

/** Appends an access to one of the inline registers. */
export const emitCsr = (frame: CsrFrame, operation: SystemOperation, instruction: Instruction): void => {
  const { f, locals, state } = frame;
  const number = instruction.immediate;
  f.get(state).memory('i32.load', STATE_PRIVILEGE).i32(SUPERVISOR).op('i32.ne').unlikely().if();
  frame.interpret();
  f.end();
  const [old, next] = [locals.take('i64'), locals.take('i64')];
  f.get(state)
    .memory('i64.load', number === CSR.sstatus ? STATE_MSTATUS : csrSlot(number))
    .set(old);
  if (writes(operation, instruction)) {
    emitNext(frame, operation, instruction, old);
    f.set(next);
    if (number === CSR.sstatus) emitStatusWrite(frame, old, next);
    else {
      f.get(state).get(next);
      if (number === CSR.sepc) f.i64(-2n).op('i64.and');
      f.memory('i64.store', csrSlot(number));
    }
  }
  frame.operands.setX(() => {
    f.get(old);
    if (number === CSR.sstatus) emitStatusView(frame, old);
  });
};

const sourceOf = (instruction: Instruction): number => (instruction.word >>> 15) & 31;

/** csrrs and csrrc with x0 or 0 only read. */
const writes = (operation: SystemOperation, instruction: Instruction): boolean =>
  operation === 'csrrw' || operation === 'csrrwi' || sourceOf(instruction) !== 0;

/** Pushes the value that the instruction writes. */
const emitNext = (frame: CsrFrame, operation: SystemOperation, instruction: Instruction, old: number): void => {
  const { f, operands } = frame;
  const pushOperand = (): void => {
    if (operation.endsWith('i')) f.i64(BigInt(sourceOf(instruction)));
    else operands.x('rs1');
  };
  if (operation === 'csrrw' || operation === 'csrrwi') {
    pushOperand();
    return;
  }
  f.get(old);
  pushOperand();
  if (operation === 'csrrs' || operation === 'csrrsi') f.op('i64.or');
  else f.i64(-1n).op('i64.xor').op('i64.and');
};

/**
 * Changes sstatus, in S-mode. The interpreter does it where MXR is concerned, for it has no TLBs of its own, or where
 * an interrupt waits to be enabled.
 */
const emitStatusWrite = (frame: CsrFrame, old: number, next: number): void => {
  const { f, locals, state } = frame;
  const [before, after] = [locals.take('i32'), locals.take('i32')];
  f.get(old).op('i32.wrap_i64').tee(before).i32(~SSTATUS_MASK).op('i32.and');
  f.get(next).op('i32.wrap_i64').i32(SSTATUS_MASK).op('i32.and').op('i32.or').tee(after);
  f.get(before).op('i32.or').i32(MSTATUS_MXR).op('i32.and');
  f.get(after).get(before).i32(-1).op('i32.xor').op('i32.and').i32(MSTATUS_SIE).op('i32.and');
  f.i32(0).get(state).memory('i32.load', STATE_ATTENTION).op('i32.sub').op('i32.and');
  f.op('i32.or').unlikely().if();
  frame.interpret();
  f.end();
  f.get(state).get(after).memory('i32.store', STATE_MSTATUS);
  f.get(before).get(after).op('i32.xor').i32(MSTATUS_SUM).op('i32.and').if();
  emitSupervisorRegime(frame, after);
  frame.translationChanged();
  f.end();
};

/** Turns mstatus on the stack (its low half counts) into sstatus; `old` is the same value. */
const emitStatusView = (frame: CsrFrame, old: number): void => {
  const { f } = frame;
  f.i64(BigInt(SSTATUS_MASK)).op('i64.and');
  f.i64(BigInt(STATUS_UXL_HIGH) << 32n).op('i64.or');
  // SD: bit 63, set while FS is dirty.
  f.get(old).i64(BigInt(MSTATUS_FS)).op('i64.and').i64(BigInt(MSTATUS_FS)).op('i64.eq').op('i64.extend_i32_u');
  f.i64(63n).op('i64.shl').op('i64.or');
};
