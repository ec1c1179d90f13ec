import { type Expression, instructions, type Statement } from '@vivarium/isa-riscv';
import type { FunctionBuilder, Label, ModuleBuilder } from '@vivarium/wasm-emit';
import { type HotOperation, hotOperations } from '../decode/operations.ts';
import {
  COLD_16,
  COLD_32,
  COMPILED,
  FIRST_HOT,
  NOP_16,
  NOP_32,
  PAGE_END,
  PAGE_SLOTS,
  SELF_JUMP,
  SLOT_BYTES,
  STRADDLE,
  UNDECODED,
} from '../decode/slot.ts';
import {
  STATE_BUDGET,
  STATE_CONTEXT,
  STATE_FETCH_TLB,
  STATE_PC,
  STATE_READ_TLB,
  STATE_REGION_CALLS,
  STATE_TRANSLATED,
  STATE_WRITE_TLB,
} from '../state/layout.ts';
import type { HelperIndices } from './arithmetic.ts';
import type { CallIndices } from './imports.ts';
import { type AccessFrame, callOnMiss, emitEntryPlace, emitLoad, emitSlotOffset, emitStore } from './memory-access.ts';
import { emitExpression, LocalPool, type Operands } from './operands.ts';
import { POSITION_BITS, POSITION_MASK } from './region-mark.ts';
import { slotOperands } from './slot-operands.ts';

const PAGE_MASK = -4096n;
/** Jump counters, shared by slots of equal hash: see `JumpCounters`. */
export const HEAT_COUNTERS = 4096;
/** Slots are 4 bytes for each byte of code. */
const SLOT_SCALE = 4;

export interface MainLoopContext {
  readonly module: ModuleBuilder;
  readonly calls: CallIndices;
  readonly helpers: HelperIndices;
  /** Function that executes a cold slot: (slot) → status. */
  readonly cold: number;
  readonly state: number;
  readonly tlbEntries: number;
  /** Type of a region's function. */
  readonly regionType: number;
  /** Offset of the table of jump counters; undefined when nothing is translated. */
  readonly heat: number | undefined;
  /** Whether instructions in translated code are counted. */
  readonly counted: boolean;
}

/** What a handler needs besides its operands. */
interface Loop {
  readonly f: FunctionBuilder;
  readonly slot: number;
  readonly slots: number;
  readonly target: number;
  /** Scratch for the slot that a relative jump goes to. */
  readonly destination: number;
  readonly pc: () => void;
  /** Take everything from the state again. */
  readonly resync: Label;
  /** Go to the address in local `target`. */
  readonly jump: Label;
  /** Execute the instruction at `slot`. */
  readonly next: Label;
}

/**
 * The interpreter's main function: runs from STATE_PC until STATE_BUDGET instructions were attempted. Locals hold the
 * slot of the instruction, what to add to slot / 4 to get its pc, and the remaining budget.
 */
export const emitMainLoop = (context: MainLoopContext): number => {
  const { module, calls, state } = context;
  const { index, body: f } = module.function([], []);
  const [slot, slots, budget, entry, readTlb, writeTlb, fetchTlb] = Array.from({ length: 7 }, () => f.local('i32')) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const pcBase = f.local('i64');
  const contextLocal = f.local('i64');
  const target = f.local('i64');
  const locals = new LocalPool(f);

  const pushPc = (): void => {
    f.get(pcBase).get(slot).i32(2).op('i32.shr_u').op('i64.extend_i32_u').op('i64.add');
  };
  const spill = (): void => {
    f.i32(0);
    pushPc();
    f.memory('i64.store', state + STATE_PC);
    f.i32(0)
      .get(budget)
      .memory('i32.store', state + STATE_BUDGET);
  };
  const take = (opcode: 'i32.load' | 'i64.load', place: number, local: number): void => {
    f.i32(0)
      .memory(opcode, state + place)
      .set(local);
  };
  const takeBudget = (): void => take('i32.load', STATE_BUDGET, budget);
  const undoCount = (): void => {
    f.get(budget).i32(1).op('i32.add').set(budget);
  };

  const takeTranslation = (): void => {
    take('i32.load', STATE_READ_TLB, readTlb);
    take('i32.load', STATE_WRITE_TLB, writeTlb);
    take('i32.load', STATE_FETCH_TLB, fetchTlb);
    take('i64.load', STATE_CONTEXT, contextLocal);
  };

  const resync = f.loop();
  takeBudget();
  takeTranslation();
  take('i64.load', STATE_PC, target);
  const jump = f.loop();

  // Fetch TLB.
  const hit = f.block();
  emitEntryPlace(f, target, context.tlbEntries);
  f.get(fetchTlb).op('i32.add').tee(entry).memory('i64.load', 0);
  f.get(target).i64(PAGE_MASK).op('i64.and').get(contextLocal).op('i64.or').op('i64.eq').brIf(hit);
  f.i32(0)
    .get(target)
    .memory('i64.store', state + STATE_PC);
  f.i32(0)
    .get(budget)
    .memory('i32.store', state + STATE_BUDGET);
  // A trap handler that cannot be fetched must not keep the hart in here for ever.
  f.get(budget).i32(0).op('i32.le_s').if();
  f.op('return');
  f.end();
  f.call(calls.fetchMiss);
  f.br(resync);
  f.end();
  f.get(entry).memory('i32.load', 8).set(slots);
  emitPosition(f, { slots, target, slot, pcBase });

  emitHeat(context, f, slot, entry);
  const next = f.loop();
  f.get(budget).i32(0).op('i32.le_s').if();
  spill();
  f.op('return');
  f.end();
  f.get(budget).i32(1).op('i32.sub').set(budget);

  // One block for each operation; the table jumps out of as many as its number says.
  const illegal = f.block();
  const handlers = Array.from({ length: FIRST_HOT + hotOperations.length }, () => f.block()).reverse();
  f.get(slot).memory('i32.load8_u', 0);
  f.brTable(handlers, illegal);

  const loop: Loop = { f, slot, slots, target, destination: entry, pc: pushPc, resync, jump, next };
  const advance = (length: 2 | 4): void => {
    f.get(slot)
      .i32(length * SLOT_SCALE)
      .op('i32.add')
      .set(slot);
    f.br(next);
  };
  const callCold = (length: 2 | 4): void => {
    spill();
    f.get(slot).call(context.cold);
    takeBudget();
    f.brIf(resync);
    advance(length);
  };
  const call: RegionCall = { budget, pcBase, spill, takeBudget, takeTranslation, undoCount };
  const marks: Readonly<Record<number, () => void>> = {
    [UNDECODED]: () => {
      undoCount();
      f.get(slot).call(calls.decode);
      f.br(next);
    },
    [PAGE_END]: () => {
      undoCount();
      pushPc();
      f.set(target).br(jump);
    },
    [STRADDLE]: () => {
      undoCount();
      emitApart(context, loop, call);
    },
    [NOP_16]: () => advance(2),
    [NOP_32]: () => advance(4),
    [COLD_16]: () => callCold(2),
    [COLD_32]: () => callCold(4),
    [COMPILED]: () => emitRegionCall(context, loop, call),
    [SELF_JUMP]: () => {
      spill();
      f.call(calls.selfJump);
      f.br(resync);
    },
  };

  const frame: AccessFrame = {
    f,
    locals,
    state,
    base: () => void f.i32(0),
    tlbEntries: context.tlbEntries,
    tlb: (kind) => void f.get(kind === 'read' ? readTlb : writeTlb),
    context: () => void f.get(contextLocal),
    ...callOnMiss({
      f,
      calls,
      state,
      beforeCall: spill,
      afterCall: () => {
        takeBudget();
        f.brIf(resync);
      },
    }),
  };
  handlers.forEach((_, number) => {
    f.end();
    const mark = marks[number];
    if (mark !== undefined) {
      mark();
      return;
    }
    const operation = hotOperations[number - FIRST_HOT];
    const operands = slotOperands({
      f,
      state,
      slot,
      immediate: () => void f.get(slot).memory('i64.load32_s', 4),
      pc: pushPc,
      nextPc: () => {
        pushPc();
        f.i64(BigInt(operation.length)).op('i64.add');
      },
    });
    emitHandler(context, loop, frame, operands, operation, advance);
    locals.release();
  });
  f.end();
  // No operation has a number as high as this: the slot was not written by the decoder.
  f.op('unreachable');
  f.end();
  f.end();
  f.end();
  return index;
};

const emitHandler = (
  context: MainLoopContext,
  loop: Loop,
  frame: AccessFrame,
  operands: Operands,
  operation: HotOperation,
  advance: (length: 2 | 4) => void,
): void => {
  const { f } = loop;
  const row = instructions[operation.row];
  if (row === undefined) throw new TypeError(`row ${operation.row} does not exist`);
  const { locals } = frame;
  const expression = (part: Expression): void => emitExpression(f, operands, locals, context.helpers, part);
  for (const statement of row.semantics) {
    switch (statement.kind) {
      case 'let':
        expression(statement.value);
        f.set(locals.name(statement.name, statement.type));
        break;
      case 'set-x':
        if (operation.links) operands.setX(() => expression(statement.value));
        break;
      case 'load': {
        const address = locals.take('i64');
        expression(statement.address);
        f.set(address);
        emitLoad(frame, address, statement.bytes, statement.signed);
        f.set(locals.name(statement.name, 'i64'));
        break;
      }
      case 'store': {
        const address = locals.take('i64');
        expression(statement.address);
        f.set(address);
        emitStore(frame, address, statement.bytes, () => expression(statement.value));
        break;
      }
      case 'branch':
        expression(statement.condition);
        f.if();
        emitRelative(context, loop);
        f.end();
        break;
      case 'jump':
        if (isRelative(statement)) emitRelative(context, loop);
        else {
          expression(statement.target);
          f.set(loop.target).br(loop.jump);
        }
        return;
      default:
        throw new TypeError(`${row.name} does not belong into the main loop: ${statement.kind}`);
    }
  }
  advance(operation.length);
};

/** Counts a jump to the slot in local `slot` down, and says when it is hot. Spoils local `scratch`. */
const emitHeat = (context: MainLoopContext, f: FunctionBuilder, slot: number, scratch: number): void => {
  const { heat } = context;
  if (heat === undefined) return;
  f.get(slot)
    .i32(1)
    .op('i32.shr_u')
    .i32((HEAT_COUNTERS - 1) * 4)
    .op('i32.and')
    .tee(scratch);
  f.get(scratch).memory('i32.load', heat).i32(1).op('i32.sub').tee(scratch).memory('i32.store', heat);
  f.get(scratch).op('i32.eqz').if();
  f.get(slot).call(context.calls.hot);
  f.end();
};

/** Locals that say where execution is. */
interface Position {
  readonly slots: number;
  readonly target: number;
  readonly slot: number;
  readonly pcBase: number;
}

/** Goes to the address in local `target`, whose page has its slots at local `slots`: sets `slot` and `pcBase`. */
const emitPosition = (f: FunctionBuilder, { slots, target, slot, pcBase }: Position): void => {
  f.get(target).i64(PAGE_MASK).op('i64.and');
  f.get(slots).i32(2).op('i32.shr_u').op('i64.extend_i32_u').op('i64.sub').set(pcBase);
  emitSlotOffset(f, target);
  f.get(slots).op('i32.add').set(slot);
};

interface RegionCall {
  readonly budget: number;
  readonly pcBase: number;
  spill(): void;
  takeBudget(): void;
  takeTranslation(): void;
  undoCount(): void;
}

/**
 * Enters a translated region; when it wants its next instruction interpreted and that has a region's entry in its
 * place, it is decoded apart.
 */
const emitRegionCall = (context: MainLoopContext, loop: Loop, call: RegionCall): void => {
  const { f, slot, slots, target, destination } = loop;
  const { state } = context;
  call.undoCount();
  f.get(call.pcBase).get(slots).i32(2).op('i32.shr_u').op('i64.extend_i32_u').op('i64.add');
  f.get(call.budget);
  f.get(slot).memory('i32.load', 4).tee(destination).i32(POSITION_MASK).op('i32.and');
  f.i32(state);
  f.get(destination).i32(POSITION_BITS).op('i32.shr_u').callIndirect(context.regionType).set(destination);
  if (context.counted) emitCounts(f, state, call.budget);
  f.get(destination).op('i32.eqz').brIf(loop.resync);
  call.takeBudget();
  // Regions change the regime of translation by themselves.
  call.takeTranslation();
  f.i32(0)
    .memory('i64.load', state + STATE_PC)
    .set(target);
  // Regions go on in each other: this may be another page.
  f.get(destination).set(slots);
  emitPosition(f, { slots, target, slot, pcBase: call.pcBase });
  f.get(slot).memory('i32.load8_u', 0).i32(COMPILED).op('i32.ne').brIf(loop.next);
  f.get(call.budget).i32(0).op('i32.le_s').brIf(loop.next);
  emitApart(context, loop, call);
};

/** Adds what a region took from local `budget` to the counters. */
const emitCounts = (f: FunctionBuilder, state: number, budget: number): void => {
  const add = (place: number, value: () => void): void => {
    f.i32(0)
      .i32(0)
      .memory('i64.load', state + place);
    value();
    f.op('i64.add').memory('i64.store', state + place);
  };
  add(STATE_TRANSLATED, () => {
    f.get(budget)
      .i32(0)
      .memory('i32.load', state + STATE_BUDGET);
    f.op('i32.sub').op('i64.extend_i32_s');
  });
  add(STATE_REGION_CALLS, () => f.i64(1n));
};

/** Executes the instruction at `slot` from a slot of its own; pc stays what it was. */
const emitApart = (context: MainLoopContext, loop: Loop, call: RegionCall): void => {
  const { f, slot, destination } = loop;
  call.spill();
  f.call(context.calls.straddle).set(destination);
  call.takeBudget();
  f.get(destination).op('i32.eqz').brIf(loop.resync);
  loop.pc();
  f.get(destination).i32(2).op('i32.shr_u').op('i64.extend_i32_u').op('i64.sub').set(call.pcBase);
  f.get(destination).set(slot);
  // No jump from here stays in a page of slots: this one is 2 GiB away, and jal reaches 4 MiB of slots.
  f.get(slot).i32(-0x8000_0000).op('i32.add').set(loop.slots);
  f.br(loop.next);
};

/** pc + immediate: the slot's immediate is already the distance in slots. */
const isRelative = (statement: Statement): boolean =>
  statement.kind === 'jump' &&
  statement.target.kind === 'binary' &&
  statement.target.left.kind === 'pc' &&
  statement.target.right.kind === 'immediate';

/** Moves by the slot's immediate: within the page by the slot alone, else through the fetch TLB. */
const emitRelative = (context: MainLoopContext, loop: Loop): void => {
  const { f, slot, slots, destination } = loop;
  f.get(slot).get(slot).memory('i32.load', 4).op('i32.add').tee(destination).get(slots).op('i32.sub');
  f.i32(PAGE_SLOTS * SLOT_BYTES)
    .op('i32.lt_u')
    .if();
  // Backward jumps close loops, and loops get hot.
  if (context.heat !== undefined) {
    f.get(slot).memory('i32.load', 4).i32(0).op('i32.lt_s').if();
    emitHeat(context, f, destination, slot);
    f.end();
  }
  f.get(destination).set(slot).br(loop.next);
  f.end();
  loop.pc();
  f.get(slot).memory('i64.load32_s', 4).i64(2n).op('i64.shr_s').op('i64.add').set(loop.target);
  f.br(loop.jump);
};
