// Hot code: runs once for each region that is translated.
import { CSR, type Expression, type SystemOperation } from '@vivarium/isa-riscv';
import { type FunctionBuilder, type Label, ModuleBuilder } from '@vivarium/wasm-emit';
import { COMPILED } from '../decode/slot.ts';
import type { HelperIndices } from '../emit/arithmetic.ts';
import type { InstructionFrame, NativeFloat } from '../emit/instruction-frame.ts';
import type { MemoryShape } from '../emit/memory-shape.ts';
import { emitEntryPlace, emitSlotOffset, type RecentPage } from '../emit/memory-access.ts';
import { FLAG_NX } from '../emit/float-value.ts';
import { emitExpression, LocalPool, type Operands } from '../emit/operands.ts';
import { POSITION_BITS, POSITION_MASK, REGION_PARAMETERS, REGION_RESULTS } from '../emit/region-mark.ts';
import { emitStatement } from '../emit/statement.ts';
import { MSTATUS_FS } from '../state/hart-state.ts';
import {
  STATE_BUDGET,
  STATE_CONTEXT,
  STATE_FETCH_TLB,
  STATE_FFLAGS,
  STATE_FRM,
  STATE_MSTATUS,
  STATE_PC,
  STATE_READ_TLB,
  STATE_WRITE_TLB,
} from '../state/layout.ts';
import type { Block, CodeRegion } from './blocks.ts';
import type { Instruction } from './instruction.ts';
import { emitZeroBlock } from './cache-block.ts';
import { emitCsr } from './csr.ts';
import { type FlowLayout, layOut, type Scope } from './layout.ts';
import { instructionOperands, RegisterLocals } from './register-locals.ts';
import { trapEmitters } from './trap.ts';

/** Status of a region: go on at STATE_PC. Any other says where the slots are of an instruction to interpret. */
const GO_ON = 0;

/** Parameters of a region's function. */
const PC_BASE = 0;
const BUDGET = 1;
const LABEL = 2;
const STATE = 3;

const PAGE = 4096n;
const DYNAMIC_MODE = 7;

/** What all regions of a core have in common. */
export interface RegionSurroundings {
  readonly tlbEntries: number;
  readonly memory: MemoryShape;
  /** Whether the engine has a fused multiply-add. */
  readonly fused: boolean;
  /** Names of the helper functions, imported from the interpreter. */
  readonly helpers: readonly (keyof HelperIndices)[];
}

/** Where a region belongs. */
export interface RegionPlace {
  /** Slots of the page that it is made of. */
  readonly slots: number;
  /** Its place in the table. */
  readonly index: number;
}

/** And what only its module knows. */
interface RegionContext extends RegionSurroundings, RegionPlace {
  /** The type of regions in the module. */
  readonly type: number;
}

/** Name of a module's region by its number. */
export const regionExport = (number: number): string => `region${number}`;

/**
 * A module of regions. It exports each by its number: (page address, budget, label, offset of the hart's state) → status.
 * Engines keep several pages of memory for each module: regions that are made together share one.
 */
export class RegionModule {
  readonly #module = new ModuleBuilder();
  readonly #around: RegionSurroundings;
  readonly #helpers: HelperIndices;
  readonly #type: number;
  #count = 0;

  constructor(around: RegionSurroundings) {
    this.#around = around;
    const module = this.#module;
    const { pages, shared } = around.memory;
    module.importMemory('region', 'memory', { minimum: pages, maximum: pages, shared });
    this.#helpers = Object.fromEntries(
      around.helpers.map((name) => [
        name,
        module.importFunction('region', name, name === 'orc.b' || name === 'rev8' ? ['i64'] : ['i64', 'i64'], ['i64']),
      ]),
    ) as HelperIndices;
    module.importTable('region', 'regions', 1);
    this.#type = module.type(REGION_PARAMETERS, REGION_RESULTS);
  }

  /** Regions that it has. */
  get count(): number {
    return this.#count;
  }

  /** Translates one more. Gives the label (position + 1) for each entry offset. */
  add(region: CodeRegion, place: RegionPlace): ReadonlyMap<number, number> {
    const { index, body } = this.#module.function(REGION_PARAMETERS, REGION_RESULTS);
    const context = { ...this.#around, ...place, type: this.#type };
    const translator = new RegionTranslator(body, region, context, this.#helpers);
    translator.emit();
    this.#module.exportFunction(regionExport(this.#count), index);
    this.#count += 1;
    return translator.labels;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return this.#module.encode();
  }
}

class RegionTranslator {
  readonly labels: ReadonlyMap<number, number>;
  readonly #f: FunctionBuilder;
  readonly #region: CodeRegion;
  readonly #around: RegionContext;
  readonly #helpers: HelperIndices;
  readonly #registers: RegisterLocals;
  readonly #locals: LocalPool;
  readonly #layout: FlowLayout;
  /** Block number by offset. */
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #target: number;
  readonly #status: number;
  readonly #readTlb: number;
  readonly #writeTlb: number;
  readonly #context: number;
  readonly #floatDirty: number;
  /** 1 while fflags.NX is set and frm is to nearest. */
  readonly #floatReady: number;
  /** mstatus.FS was tested in this block: it does not change inside of a region. */
  #floatChecked = false;
  /** Open scopes, innermost last, and where branches to them go. */
  readonly #stack: { readonly scope: Scope; readonly label: Label }[] = [];
  readonly #blockLabels = new Map<number, Label>();
  readonly #loopLabels = new Map<number, Label>();
  /** Positions that some dispatch goes to. */
  readonly #dispatched = new Set<number>();
  #exit: Label = { depth: 0 };
  #dispatch: Label = { depth: 0 };

  constructor(f: FunctionBuilder, region: CodeRegion, around: RegionContext, helpers: HelperIndices) {
    this.#f = f;
    this.#region = region;
    this.#around = around;
    this.#helpers = helpers;
    this.#locals = new LocalPool(f);
    this.#target = f.local('i64');
    this.#context = f.local('i64');
    this.#status = f.local('i32');
    this.#readTlb = f.local('i32');
    this.#writeTlb = f.local('i32');
    this.#floatDirty = f.local('i32');
    this.#floatReady = f.local('i32');
    this.#numbers = new Map(region.blocks.map((block, number) => [block.offset, number]));
    const entries = region.entries.map((offset) => this.#numbers.get(offset) ?? 0);
    this.#layout = layOut({ successors: region.blocks.map((block) => this.#successors(block)), entries });
    const loops = this.#layout.opening.flat().filter(({ kind }) => kind === 'loop');
    this.#registers = new RegisterLocals(f, region.blocks, STATE, ({ offset }) => {
      const position = this.#position(offset);
      return loops.some(({ start, end }) => start <= position && position < end);
    });
    this.labels = new Map(region.entries.map((offset) => [offset, this.#position(offset) + 1]));
    for (const label of this.labels.values()) this.#dispatched.add(label - 1);
    for (const targets of this.#layout.dispatches.values()) for (const target of targets) this.#dispatched.add(target);
  }

  #successors({ end }: Block): readonly number[] {
    const known = (offset: number): readonly number[] => {
      const number = this.#numbers.get(offset);
      return number === undefined ? [] : [number];
    };
    if (end.kind === 'branch') return [...known(end.taken), ...known(end.next)];
    return end.kind === 'goto' ? known(end.target) : [];
  }

  #position(offset: number): number {
    return this.#layout.positions[this.#numbers.get(offset) ?? -1] ?? -1;
  }

  emit(): void {
    const f = this.#f;
    this.#takeTlbs();
    f.get(STATE).memory('i64.load', STATE_CONTEXT).set(this.#context);
    this.#registers.load();
    if (this.#registers.usesFloat) this.#emitFloatReady();
    this.#exit = f.block();
    this.#dispatch = f.loop();
    this.#layout.order.forEach((number, position) => {
      this.#closeScopes(position);
      this.#openScopes(position);
      if (this.#dispatched.has(position)) f.i32(0).set(LABEL);
      const block = this.#region.blocks[number];
      if (block !== undefined) this.#emitBlock(block, position);
    });
    this.#closeScopes(this.#layout.order.length);
    // Every path has branched away by now.
    f.op('unreachable');
    f.end();
    f.end();
    this.#emitExit();
  }

  #emitFloatReady(): void {
    const f = this.#f;
    f.get(STATE).memory('i32.load', STATE_FFLAGS).i32(FLAG_NX).op('i32.and');
    f.get(STATE).memory('i32.load', STATE_FRM).op('i32.eqz').op('i32.and').set(this.#floatReady);
  }

  #emitExit(): void {
    const f = this.#f;
    this.#registers.store();
    if (this.#registers.usesFloat) {
      f.get(STATE);
      f.get(STATE).memory('i32.load', STATE_MSTATUS).get(this.#floatDirty).op('i32.or');
      f.memory('i32.store', STATE_MSTATUS);
    }
    f.get(this.#status).op('i32.eqz').if();
    this.#emitChain();
    f.end();
    f.get(STATE).get(this.#target).memory('i64.store', STATE_PC);
    f.get(STATE).get(BUDGET).memory('i32.store', STATE_BUDGET);
    f.get(this.#status);
  }

  /** Goes on in the region that has an entry at the target, when the fetch TLB knows its page. */
  #emitChain(): void {
    const f = this.#f;
    const [entry, slot] = [this.#locals.take('i32'), this.#locals.take('i32')];
    emitEntryPlace(f, this.#target, this.#around.tlbEntries);
    f.get(STATE).memory('i32.load', STATE_FETCH_TLB).op('i32.add').tee(entry).memory('i64.load', 0);
    f.get(this.#target).i64(-PAGE).op('i64.and').tee(PC_BASE).get(this.#context).op('i64.or').op('i64.eq').if();
    emitSlotOffset(f, this.#target);
    f.get(entry).memory('i32.load', 8).op('i32.add').tee(slot);
    f.memory('i32.load8_u', 0).i32(COMPILED).op('i32.eq').if();
    f.get(PC_BASE).get(BUDGET);
    f.get(slot).memory('i32.load', 4).tee(slot).i32(POSITION_MASK).op('i32.and');
    f.get(STATE);
    f.get(slot).i32(POSITION_BITS).op('i32.shr_u').returnCallIndirect(this.#around.type);
    f.end();
    f.end();
  }

  #closeScopes(position: number): void {
    for (let top = this.#stack.at(-1); top !== undefined && top.scope.end <= position; top = this.#stack.at(-1)) {
      this.#f.end();
      this.#stack.pop();
    }
  }

  #openScopes(position: number): void {
    const scopes = this.#layout.opening[position] ?? [];
    const loop = scopes.findIndex((scope) => scope.kind === 'loop');
    const outer = loop < 0 ? scopes.length : loop;
    for (const scope of scopes.slice(0, outer)) this.#open(scope);
    if (position === 0)
      this.#emitDispatch(
        -1,
        [...this.labels.values()].map((label) => label - 1),
      );
    for (const scope of scopes.slice(outer)) this.#open(scope);
    const targets = this.#layout.dispatches.get(position);
    if (loop >= 0 && targets !== undefined) this.#emitDispatch(position, targets);
  }

  #open(scope: Scope): void {
    if (scope.kind === 'loop') {
      const label = this.#f.loop();
      this.#loopLabels.set(scope.target, label);
      this.#stack.push({ scope, label });
    } else {
      const label = this.#f.block();
      this.#blockLabels.set(scope.target, label);
      this.#stack.push({ scope, label });
    }
  }

  /** Branches by LABEL to one of `targets`; falls through when it is none of them. */
  #emitDispatch(from: number, targets: readonly number[]): void {
    const f = this.#f;
    const highest = Math.max(0, ...targets);
    const through = f.block();
    const table: Label[] = Array.from({ length: highest + 2 }, () => through);
    for (const target of targets) {
      const { via } = this.#layout.route(from, target);
      // What begins right here is reached by falling through.
      if (via > Math.max(from, 0)) table[target + 1] = this.#blockLabels.get(via) ?? through;
    }
    f.get(LABEL).brTable(table, through);
    f.end();
  }

  /** Goes to an offset of the page, inside or outside of the region. */
  #goTo(position: number, offset: number): void {
    const f = this.#f;
    const to = this.#position(offset);
    if (to < 0) {
      this.#leave(offset, GO_ON);
      return;
    }
    const route = this.#layout.route(position, to);
    if (route.kind === 'dispatched') f.i32(to + 1).set(LABEL);
    else if (to === position + 1) return;
    const label = route.via <= position ? this.#loopLabels.get(route.via) : this.#blockLabels.get(route.via);
    if (label === undefined) throw new TypeError('a route goes to a scope that is not open');
    f.br(label);
  }

  /** Leaves the region to go on at an offset relative to the page. */
  #leave(offset: number, status: number): void {
    const f = this.#f;
    f.get(PC_BASE).i64(BigInt(offset)).op('i64.add').set(this.#target);
    f.i32(status).set(this.#status);
    f.br(this.#exit);
  }

  /** The instruction at STATE_PC has to be interpreted, whatever else is in its slot: the status names its page's slots. */
  #leaveToInterpreter(offset: number): void {
    this.#leave(offset, this.#around.slots);
  }

  /** Lets the interpreter execute an instruction of a block of which `left`, with it, were not executed yet. */
  #interpret(instruction: Instruction, left: number): void {
    this.#giveBack(left);
    this.#leaveToInterpreter(instruction.offset);
  }

  #emitBlock(block: Block, position: number): void {
    const f = this.#f;
    const count = block.instructions.length;
    f.get(BUDGET).i32(count).op('i32.sub').tee(BUDGET).i32(0).op('i32.lt_s').unlikely().if();
    this.#giveBack(count);
    this.#leaveToInterpreter(block.offset);
    f.end();
    this.#floatChecked = false;
    this.#registers.beginBlock();
    block.instructions.forEach((instruction, number) => {
      this.#emitInstruction(instruction, count - number, block, position);
      this.#locals.release();
    });
    const { end } = block;
    if (end.kind === 'goto') this.#goTo(position, end.target);
    else if (end.kind === 'interpret') this.#leaveToInterpreter(end.offset);
  }

  /** Returns instructions that were counted at the start of the block and not executed. */
  #giveBack(count: number): void {
    this.#f.get(BUDGET).i32(count).op('i32.add').set(BUDGET);
  }

  #emitInstruction(instruction: Instruction, left: number, block: Block, position: number): void {
    const f = this.#f;
    this.#registers.prepare(instruction);
    const operands = instructionOperands(f, this.#registers, PC_BASE, instruction);
    const frame = this.#frame(instruction, operands, left);
    const expression = (part: Expression): void => emitExpression(f, operands, this.#locals, this.#helpers, part);
    for (const statement of instruction.row.semantics) {
      if (statement.kind === 'branch' && block.end.kind === 'branch') {
        expression(statement.condition);
        f.if();
        this.#branchInside(position, block.end.taken);
        f.end();
        this.#goTo(position, block.end.next);
      } else if (statement.kind === 'jump') {
        if (block.end.kind === 'indirect') {
          expression(statement.target);
          f.set(this.#target);
          this.#emitIndirect();
        }
      } else if (statement.kind === 'system') this.#emitSystem(statement.operation, instruction, frame, left);
      else emitStatement(frame, statement);
    }
  }

  /** Loads and stores remember their page by the base register. */
  #recentPage(instruction: Instruction): { readonly recent?: RecentPage } {
    const recent = this.#registers.recent(instruction);
    return recent === undefined ? {} : { recent };
  }

  #emitSystem(operation: SystemOperation, instruction: Instruction, frame: InstructionFrame, left: number): void {
    const { f, locals, operands } = frame;
    const interpret = (): void => this.#interpret(instruction, left);
    const system = { f, locals, operands, state: STATE, interpret };
    const trap = trapEmitters.get(operation);
    if (trap !== undefined) {
      const goOn = (): void => {
        f.set(this.#target).i32(GO_ON).set(this.#status).br(this.#exit);
      };
      trap({ ...system, pc: () => operands.pc(), goOn });
    } else if (operation === 'cbo.zero') emitZeroBlock(frame, interpret);
    else if (this.#registers.usesFloat && instruction.immediate === CSR.sstatus) {
      // What the region knows of mstatus.FS is in a local until it is left.
      interpret();
    } else emitCsr({ ...system, translationChanged: () => this.#takeTlbs() }, operation, instruction);
  }

  /** Takes the data TLBs from the state, and forgets what was found in others. */
  #takeTlbs(): void {
    const f = this.#f;
    f.get(STATE).memory('i32.load', STATE_READ_TLB).set(this.#readTlb);
    f.get(STATE).memory('i32.load', STATE_WRITE_TLB).set(this.#writeTlb);
    for (const { limit } of this.#registers.recentPages) f.i64(0n).set(limit);
  }

  /** As goTo, but never by falling through, because it stands inside of an `if`. */
  #branchInside(position: number, offset: number): void {
    const to = this.#position(offset);
    if (to !== position + 1 || this.#layout.route(position, to).kind === 'dispatched') {
      this.#goTo(position, offset);
      return;
    }
    const label = this.#blockLabels.get(to);
    // Taken and not taken lead to the same place when no block was needed.
    if (label !== undefined) this.#f.br(label);
  }

  /** jalr: an entry of this region is a jump inside; anything else leaves. */
  #emitIndirect(): void {
    const f = this.#f;
    const slot = this.#locals.take('i32');
    f.get(this.#target).get(PC_BASE).op('i64.sub').i64(PAGE).op('i64.lt_u').if();
    emitSlotOffset(f, this.#target);
    f.set(slot);
    f.get(slot).memory('i32.load8_u', this.#around.slots).i32(COMPILED).op('i32.eq').if();
    f.get(slot)
      .memory('i32.load', this.#around.slots + 4)
      .tee(slot)
      .i32(POSITION_BITS)
      .op('i32.shr_u')
      .i32(this.#around.index)
      .op('i32.eq')
      .if();
    f.get(slot).i32(POSITION_MASK).op('i32.and').set(LABEL).br(this.#dispatch);
    f.end();
    f.end();
    f.end();
    f.i32(GO_ON).set(this.#status).br(this.#exit);
  }

  #nativeFloat(): NativeFloat {
    return {
      fused: this.#around.fused,
      ready: () => void this.#f.get(this.#floatReady),
      inexactRaised: () => this.#emitFloatReady(),
    };
  }

  #frame(instruction: Instruction, operands: Operands, left: number): InstructionFrame {
    const f = this.#f;
    const { tlbEntries, memory } = this.#around;
    const interpret = (): void => this.#interpret(instruction, left);
    const mode = (instruction.word >>> 12) & 7;
    return {
      f,
      locals: this.#locals,
      state: 0,
      base: () => void f.get(STATE),
      tlbEntries,
      operands,
      helpers: this.#helpers,
      sharedMemory: memory.shared,
      tlb: (kind) => void f.get(kind === 'read' ? this.#readTlb : this.#writeTlb),
      context: () => void f.get(this.#context),
      ...this.#recentPage(instruction),
      loadMiss: interpret,
      storeMiss: interpret,
      atomicMiss: interpret,
      misaligned: interpret,
      slowFloat: interpret,
      checkFloat: () => {
        if (this.#floatChecked) return;
        this.#floatChecked = true;
        f.get(STATE).memory('i32.load', STATE_MSTATUS).i32(MSTATUS_FS).op('i32.and').op('i32.eqz').unlikely().if();
        interpret();
        f.end();
      },
      dirtyFloat: () => void f.i32(MSTATUS_FS).set(this.#floatDirty),
      nearest: () => {
        if (mode === DYNAMIC_MODE) {
          f.get(STATE).memory('i32.load', STATE_FRM).op('i32.eqz');
        } else f.i32(mode === 0 ? 1 : 0);
      },
      rounding: () => void f.i32(mode),
      ...(mode === 0 || mode === DYNAMIC_MODE ? { nativeFloat: this.#nativeFloat() } : {}),
    };
  }
}
