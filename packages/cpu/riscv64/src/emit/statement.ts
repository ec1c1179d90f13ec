import type { Expression, Statement } from '@vivarium/isa-riscv';
import { emitAtomic, emitLoadReserved, emitStoreConditional } from './atomic.ts';
import { emitFloat, emitFloatLoad, emitFloatStore } from './float.ts';
import type { InstructionFrame } from './instruction-frame.ts';
import { emitLoad, emitStore } from './memory-access.ts';
import { emitExpression } from './operands.ts';

/** Appends one statement that neither jumps nor belongs to the system. */
export const emitStatement = (frame: InstructionFrame, statement: Statement): void => {
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
      throw new TypeError(`${statement.kind} is control flow, or the system's`);
  }
};
