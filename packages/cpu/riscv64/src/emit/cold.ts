import { type InstructionRow, instructions } from '@vivarium/isa-riscv';
import type { Label, ModuleBuilder } from '@vivarium/wasm-emit';
import { MSTATUS_FS } from '../state/hart-state.ts';
import { STATE_CONTEXT, STATE_FRM, STATE_MSTATUS, STATE_READ_TLB, STATE_WRITE_TLB, STATE_X } from '../state/layout.ts';
import type { HelperIndices } from './arithmetic.ts';
import type { CallIndices } from './imports.ts';
import type { InstructionFrame } from './instruction-frame.ts';
import { callOnMiss } from './memory-access.ts';
import { LocalPool } from './operands.ts';
import { slotOperands } from './slot-operands.ts';
import { emitStatement } from './statement.ts';

/** Field rm: the mode is the one in frm. */
const DYNAMIC_MODE = 7;

export interface ColdContext {
  readonly module: ModuleBuilder;
  readonly calls: CallIndices;
  readonly helpers: HelperIndices;
  readonly state: number;
  readonly tlbEntries: number;
  readonly sharedMemory: boolean;
}

/**
 * The function that executes a cold slot: (slot) → status. Its caller has spilled pc and budget; status 1 means that
 * pc was set. Any row of the table can run here.
 */
export const emitCold = (context: ColdContext): number => {
  const { module, calls, state } = context;
  const { index, body: f } = module.function(['i32'], ['i32']);
  const slot = 0;
  const operands = slotOperands({
    f,
    state,
    slot,
    immediate: () => void f.get(slot).memory('i64.load16_s', 4),
    // Only auipc and jumps ask for pc, and those are always hot.
    pc: () => void f.op('unreachable'),
    nextPc: () => void f.op('unreachable'),
  });
  const locals = new LocalPool(f);
  const frame: InstructionFrame = {
    f,
    locals,
    state,
    base: () => void f.i32(0),
    tlbEntries: context.tlbEntries,
    operands,
    helpers: context.helpers,
    sharedMemory: context.sharedMemory,
    tlb: (kind) => void f.i32(0).memory('i32.load', state + (kind === 'read' ? STATE_READ_TLB : STATE_WRITE_TLB)),
    context: () => void f.i32(0).memory('i64.load', state + STATE_CONTEXT),
    ...callOnMiss({
      f,
      calls,
      state,
      beforeCall: () => {},
      afterCall: () => {
        f.if();
        f.i32(1).op('return');
        f.end();
      },
    }),
    atomicMiss: () => void f.get(slot).call(calls.atomicMiss).op('return'),
    misaligned: () => void f.get(slot).call(calls.misaligned).op('return'),
    slowFloat: () => void f.get(slot).call(calls.float).op('return'),
    checkFloat: () => {
      f.i32(0)
        .memory('i32.load', state + STATE_MSTATUS)
        .i32(MSTATUS_FS)
        .op('i32.and')
        .op('i32.eqz')
        .if();
      f.call(calls.illegal).op('return');
      f.end();
    },
    dirtyFloat: () => {
      f.i32(0);
      f.i32(0)
        .memory('i32.load', state + STATE_MSTATUS)
        .i32(MSTATUS_FS)
        .op('i32.or');
      f.memory('i32.store', state + STATE_MSTATUS);
    },
    nearest: () => {
      const mode = locals.take('i32');
      f.get(slot).memory('i32.load8_u', 4).i32(7).op('i32.and').set(mode);
      f.i32(0)
        .memory('i32.load', state + STATE_FRM)
        .get(mode);
      f.get(mode).i32(DYNAMIC_MODE).op('i32.eq').op('select').op('i32.eqz');
    },
    rounding: () => {
      f.get(slot).memory('i32.load8_u', 4).i32(7).op('i32.and');
    },
  };
  const illegal = f.block();
  const rows: Label[] = instructions.map(() => f.block()).reverse();
  f.get(slot).memory('i32.load16_u', 6);
  f.brTable(rows, illegal);
  for (const row of instructions) {
    f.end();
    emitRow(frame, row, calls.system);
    frame.locals.release();
  }
  f.end();
  f.call(calls.illegal);
  return index;
};

const emitRow = (frame: InstructionFrame, row: InstructionRow, system: number): void => {
  const { f } = frame;
  for (const statement of row.semantics) {
    if (statement.kind === 'branch' || statement.kind === 'jump') {
      f.op('unreachable');
      return;
    }
    if (statement.kind === 'system') {
      // TypeScript does all of it and says whether pc was set.
      f.get(0).call(system).op('return');
      return;
    }
    emitStatement(frame, statement);
  }
  // A write to x0 went into its place in the register file.
  f.i32(0)
    .i64(0n)
    .memory('i64.store', frame.state + STATE_X);
  f.i32(0).op('return');
};
