import { type Expression, type InstructionRow, instructions, type Statement } from '@vivarium/isa-riscv';
import type { Label, ModuleBuilder } from '@vivarium/wasm-emit';
import { STATE_CONTEXT, STATE_READ_TLB, STATE_WRITE_TLB, STATE_X } from '../state/layout.ts';
import { emitAtomic, emitLoadReserved, emitStoreConditional } from './atomic.ts';
import { emitFloat, emitFloatLoad, emitFloatStore } from './float.ts';
import type { HelperIndices } from './arithmetic.ts';
import type { ColdFrame } from './cold-frame.ts';
import type { CallIndices } from './imports.ts';
import { emitLoad, emitStore } from './memory-access.ts';
import { emitExpression, LocalPool } from './operands.ts';
import { slotOperands } from './slot-operands.ts';

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
  const frame: ColdFrame = {
    f,
    locals: new LocalPool(f),
    calls,
    state,
    tlbEntries: context.tlbEntries,
    operands,
    slot,
    helpers: context.helpers,
    sharedMemory: context.sharedMemory,
    tlb: (kind) => void f.i32(0).memory('i32.load', state + (kind === 'read' ? STATE_READ_TLB : STATE_WRITE_TLB)),
    context: () => void f.i32(0).memory('i64.load', state + STATE_CONTEXT),
    beforeCall: () => {},
    afterCall: () => {
      f.if();
      f.i32(1).op('return');
      f.end();
    },
  };
  const illegal = f.block();
  const rows: Label[] = instructions.map(() => f.block()).reverse();
  f.get(slot).memory('i32.load16_u', 6);
  f.brTable(rows, illegal);
  for (const row of instructions) {
    f.end();
    emitRow(frame, row);
    frame.locals.release();
  }
  f.end();
  f.call(calls.illegal);
  return index;
};

const emitRow = (frame: ColdFrame, row: InstructionRow): void => {
  const { f } = frame;
  for (const statement of row.semantics) {
    if (statement.kind === 'branch' || statement.kind === 'jump') {
      f.op('unreachable');
      return;
    }
    if (statement.kind === 'system') {
      // TypeScript does all of it and says whether pc was set.
      f.get(frame.slot).call(frame.calls.system).op('return');
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

const emitStatement = (frame: ColdFrame, statement: Statement): void => {
  const { f, locals, operands } = frame;
  const expression = (part: Expression): void => emitExpression(f, operands, locals, frame.helpers, part);
  const addressOf = (part: Expression): number => {
    const address = locals.take('i64');
    expression(part);
    f.set(address);
    return address;
  };
  switch (statement.kind) {
    case 'let':
      expression(statement.value);
      f.set(locals.name(statement.name, statement.type));
      return;
    case 'set-x':
      operands.setX(() => expression(statement.value));
      return;
    case 'load':
      emitLoad(frame, addressOf(statement.address), statement.bytes, statement.signed);
      f.set(locals.name(statement.name, 'i64'));
      return;
    case 'store':
      emitStore(frame, addressOf(statement.address), statement.bytes, () => expression(statement.value));
      return;
    case 'load-float':
      emitFloatLoad(frame, statement.format, () => addressOf(statement.address));
      return;
    case 'store-float':
      emitFloatStore(frame, statement.format, () => addressOf(statement.address));
      return;
    case 'load-reserved':
      emitLoadReserved(frame, statement.bytes);
      return;
    case 'store-conditional':
      emitStoreConditional(frame, statement.bytes);
      return;
    case 'atomic':
      emitAtomic(frame, statement.operation, statement.bytes);
      return;
    case 'fence':
      // With one thread there is nobody to order for.
      if (frame.sharedMemory) f.fence();
      return;
    case 'float':
      emitFloat(frame, statement.float);
      return;
    default:
      throw new TypeError(`${statement.kind} is not a statement of a cold row`);
  }
};
