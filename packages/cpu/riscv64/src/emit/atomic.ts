import type { AtomicOperation } from '@vivarium/isa-riscv';
import type { AtomicOpcode, Opcode } from '@vivarium/wasm-emit';
import { STATE_ADDRESS, STATE_RESERVATION, STATE_RESERVED_VALUE } from '../state/layout.ts';
import type { InstructionFrame } from './instruction-frame.ts';
import { emitLookup, emitOffset } from './memory-access.ts';

/**
 * Finds where x[rs1] is in linear memory and leaves the offset in a local, which it returns. Misaligned addresses trap
 * (unprivileged manual, "Zalrsc" and "Zaamo"); a TLB miss hands the whole instruction to TypeScript.
 */
const emitAddress = (frame: InstructionFrame, kind: 'read' | 'write', bytes: 4 | 8): number => {
  const { f, locals, operands, state } = frame;
  const address = locals.take('i64');
  const entry = locals.take('i32');
  const offset = locals.take('i32');
  operands.x('rs1');
  f.set(address);
  frame.base();
  f.get(address).memory('i64.store', state + STATE_ADDRESS);
  f.get(address)
    .op('i32.wrap_i64')
    .i32(bytes - 1)
    .op('i32.and')
    .if();
  frame.misaligned();
  f.end();
  emitLookup(frame, kind, address, entry, bytes);
  f.op('i32.eqz').if();
  frame.atomicMiss();
  f.end();
  emitOffset(frame, address, entry);
  f.set(offset);
  return offset;
};

/** Pushes what is at `offset`, sign-extended. */
const emitOld = (frame: InstructionFrame, offset: number, bytes: 4 | 8): void => {
  const { f } = frame;
  f.get(offset);
  if (!frame.sharedMemory) f.memory(bytes === 4 ? 'i64.load32_s' : 'i64.load', 0);
  else if (bytes === 4) f.atomic('i32.atomic.load', 0).op('i64.extend_i32_s');
  else f.atomic('i64.atomic.load', 0);
};

/** lr.w, lr.d: remembers the place and what was there. */
export const emitLoadReserved = (frame: InstructionFrame, bytes: 4 | 8): void => {
  const { f, locals, operands, state } = frame;
  const offset = emitAddress(frame, 'read', bytes);
  const value = locals.take('i64');
  emitOld(frame, offset, bytes);
  f.set(value);
  frame.base();
  f.get(offset)
    .op('i64.extend_i32_u')
    .memory('i64.store', state + STATE_RESERVATION);
  frame.base();
  f.get(value).memory('i64.store', state + STATE_RESERVED_VALUE);
  operands.setX(() => f.get(value));
};

/** sc.w, sc.d: stores when the place is the reserved one and still holds the value that was loaded. */
export const emitStoreConditional = (frame: InstructionFrame, bytes: 4 | 8): void => {
  const { f, locals, operands, state } = frame;
  const offset = emitAddress(frame, 'write', bytes);
  const failed = locals.take('i64');
  f.i64(1n).set(failed);
  frame.base();
  f.memory('i64.load', state + STATE_RESERVATION)
    .get(offset)
    .op('i64.extend_i32_u')
    .op('i64.eq')
    .if();
  if (frame.sharedMemory) {
    f.get(offset);
    frame.base();
    f.memory('i64.load', state + STATE_RESERVED_VALUE);
    if (bytes === 4) f.op('i32.wrap_i64');
    operands.x('rs2');
    if (bytes === 4) f.op('i32.wrap_i64');
    f.atomic(bytes === 4 ? 'i32.atomic.rmw.cmpxchg' : 'i64.atomic.rmw.cmpxchg', 0);
    if (bytes === 4) f.op('i64.extend_i32_s');
    frame.base();
    f.memory('i64.load', state + STATE_RESERVED_VALUE)
      .op('i64.ne')
      .op('i64.extend_i32_u')
      .set(failed);
  } else {
    emitOld(frame, offset, bytes);
    frame.base();
    f.memory('i64.load', state + STATE_RESERVED_VALUE)
      .op('i64.eq')
      .if();
    f.get(offset);
    operands.x('rs2');
    f.memory(bytes === 4 ? 'i64.store32' : 'i64.store', 0);
    f.i64(0n).set(failed);
    f.end();
  }
  f.end();
  frame.base();
  f.i64(-1n).memory('i64.store', state + STATE_RESERVATION);
  operands.setX(() => f.get(failed));
};

const DIRECT: Partial<Record<AtomicOperation, 'add' | 'and' | 'or' | 'xor' | 'xchg'>> = {
  add: 'add',
  and: 'and',
  or: 'or',
  xor: 'xor',
  swap: 'xchg',
};
const COMPARISON: Partial<Record<AtomicOperation, 'lt_s' | 'gt_s' | 'lt_u' | 'gt_u'>> = {
  min: 'lt_s',
  max: 'gt_s',
  minu: 'lt_u',
  maxu: 'gt_u',
};

/** Read-modify-write: rd = old value, sign-extended; rd may be rs1 or rs2, so it is written last. */
export const emitAtomic = (frame: InstructionFrame, operation: AtomicOperation, bytes: 4 | 8): void => {
  const { f, locals, operands } = frame;
  const offset = emitAddress(frame, 'write', bytes);
  const old = locals.take('i64');
  const direct = DIRECT[operation];
  if (frame.sharedMemory && direct !== undefined) {
    f.get(offset);
    operands.x('rs2');
    if (bytes === 4) f.op('i32.wrap_i64');
    f.atomic(`i${bytes === 4 ? 32 : 64}.atomic.rmw.${direct}` as AtomicOpcode, 0);
    if (bytes === 4) f.op('i64.extend_i32_s');
    f.set(old);
  } else if (frame.sharedMemory) {
    // Minimum and maximum have no atomic instruction of their own: compare and exchange until nobody came between.
    const seen = locals.take('i64');
    const again = f.loop();
    emitOld(frame, offset, bytes);
    f.set(old);
    f.get(offset).get(old);
    if (bytes === 4) f.op('i32.wrap_i64');
    emitNew(frame, operation, bytes, old);
    if (bytes === 4) f.op('i32.wrap_i64');
    f.atomic(bytes === 4 ? 'i32.atomic.rmw.cmpxchg' : 'i64.atomic.rmw.cmpxchg', 0);
    if (bytes === 4) f.op('i64.extend_i32_s');
    f.tee(seen).get(old).op('i64.ne').brIf(again);
    f.end();
  } else {
    emitOld(frame, offset, bytes);
    f.set(old);
    f.get(offset);
    emitNew(frame, operation, bytes, old);
    f.memory(bytes === 4 ? 'i64.store32' : 'i64.store', 0);
  }
  operands.setX(() => f.get(old));
};

/** Pushes the new value, an i64. */
const emitNew = (frame: InstructionFrame, operation: AtomicOperation, bytes: 4 | 8, old: number): void => {
  const { f, operands } = frame;
  const pushOperand = (): void => {
    operands.x('rs2');
    if (bytes === 4) f.op('i64.extend32_s');
  };
  const comparison = COMPARISON[operation];
  if (operation === 'swap') pushOperand();
  else if (comparison !== undefined) {
    f.get(old);
    pushOperand();
    f.get(old);
    pushOperand();
    // Sign-extended words compare alike signed and unsigned.
    f.op(`i64.${comparison}`).op('select');
  } else {
    f.get(old);
    pushOperand();
    f.op(`i64.${DIRECT[operation]}` as Opcode);
  }
};
