// Hot code: runs once for each region that is translated.
import type { RegisterField, Statement } from '@vivarium/isa-riscv';
import type { FunctionBuilder } from '@vivarium/wasm-emit';
import type { RecentPage } from '../emit/memory-access.ts';
import type { Operands } from '../emit/operands.ts';
import { STATE_F, STATE_X } from '../state/layout.ts';
import type { Block } from './blocks.ts';
import type { Instruction } from './instruction.ts';

const FIELD_SHIFT: Readonly<Record<RegisterField, number>> = { rd: 7, rs1: 15, rs2: 20, rs3: 27 };

export const fieldOf = (word: number, field: RegisterField): number => (word >>> FIELD_SHIFT[field]) & 31;

const SOURCES: readonly RegisterField[] = ['rs1', 'rs2', 'rs3'];

const isLoad = ({ kind }: Statement): boolean => kind === 'load' || kind === 'load-float';
const isStore = ({ kind }: Statement): boolean => kind === 'store' || kind === 'store-float';

/** Numbers the pages that may be remembered: of loads and of stores, by their base register. */
const recentKey = ({ row, word }: Instruction): number | undefined => {
  const base = fieldOf(word, 'rs1');
  if (row.semantics.some(isLoad)) return base;
  return row.semantics.some(isStore) ? base + 32 : undefined;
};

/** Accesses through one base register outside of loops from which on it pays to remember their page. */
const RECENT_ACCESSES = 3;

/** The registers of one kind, x or f, that a region uses. */
class RegisterBank {
  readonly #f: FunctionBuilder;
  readonly #type: 'i64' | 'f64';
  readonly #state: number;
  readonly #place: number;
  readonly #locals = new Map<number, number>();
  readonly #resident = new Set<number>();
  readonly #written = new Set<number>();
  /** Registers that are not resident, and of which the local holds the value at this point of the block. */
  readonly #known = new Set<number>();

  /** `state` is the local with the offset of the hart's state, `place` where these registers are in it. */
  constructor(f: FunctionBuilder, type: 'i64' | 'f64', state: number, place: number) {
    this.#f = f;
    this.#type = type;
    this.#state = state;
    this.#place = place;
  }

  get used(): boolean {
    return this.#locals.size > 0;
  }

  declare(number: number, resident: boolean, written: boolean): void {
    if (!this.#locals.has(number)) this.#locals.set(number, this.#f.local(this.#type));
    if (resident) this.#resident.add(number);
    if (written) this.#written.add(number);
  }

  /** The local of a register, which holds its value after `know`. */
  local(number: number): number {
    const index = this.#locals.get(number);
    if (index === undefined) throw new TypeError(`register ${number} has no local`);
    return index;
  }

  know(number: number): void {
    if (this.#resident.has(number) || this.#known.has(number)) return;
    this.#load(number);
    this.#known.add(number);
  }

  forget(): void {
    this.#known.clear();
  }

  set(number: number, value: () => void): void {
    const f = this.#f;
    if (this.#resident.has(number)) {
      value();
      f.set(this.local(number));
      return;
    }
    f.get(this.#state);
    value();
    f.tee(this.local(number)).memory(`${this.#type}.store`, this.#place + number * 8);
    this.#known.add(number);
  }

  #load(number: number): void {
    this.#f
      .get(this.#state)
      .memory(`${this.#type}.load`, this.#place + number * 8)
      .set(this.local(number));
  }

  loadResident(): void {
    for (const number of this.#resident) this.#load(number);
  }

  storeResident(): void {
    for (const number of this.#resident) {
      if (!this.#written.has(number)) continue;
      this.#f
        .get(this.#state)
        .get(this.local(number))
        .memory(`${this.#type}.store`, this.#place + number * 8);
    }
  }
}

/**
 * The guest registers that a region uses. Those of loops are resident: in locals from the region's entry until it is
 * left. Others stay in the hart's state, for each would be loaded and stored at every crossing between regions and is
 * used about once in between; within a block a local holds what was read or written.
 */
export class RegisterLocals {
  readonly #f: FunctionBuilder;
  readonly #x: RegisterBank;
  readonly #float: RegisterBank;
  readonly #recent = new Map<number, RecentPage>();
  readonly #accesses = new Map<number, number>();

  /** `state` is the local with the offset of the hart's state; `inLoop` tells which blocks are part of a loop. */
  constructor(f: FunctionBuilder, blocks: readonly Block[], state: number, inLoop: (block: Block) => boolean) {
    this.#f = f;
    this.#x = new RegisterBank(f, 'i64', state, STATE_X);
    this.#float = new RegisterBank(f, 'f64', state, STATE_F);
    for (const block of blocks) {
      const loops = inLoop(block);
      for (const instruction of block.instructions) {
        this.#declare(instruction, loops);
        this.#declareRecent(instruction, loops);
      }
    }
  }

  #declare({ row, word }: Instruction, resident: boolean): void {
    for (const field of [...SOURCES, 'rd'] as const) {
      const number = fieldOf(word, field);
      if (row.registers[field] === 'x' && number !== 0) this.#x.declare(number, resident, field === 'rd');
      else if (row.registers[field] === 'f') this.#float.declare(number, resident, field === 'rd');
    }
  }

  #declareRecent(instruction: Instruction, loops: boolean): void {
    const key = recentKey(instruction);
    if (key === undefined || this.#recent.has(key)) return;
    const accesses = (this.#accesses.get(key) ?? 0) + 1;
    this.#accesses.set(key, accesses);
    if (!loops && accesses < RECENT_ACCESSES) return;
    this.#recent.set(key, { page: this.#f.local('i64'), limit: this.#f.local('i64'), addend: this.#f.local('i32') });
  }

  /** Locals for the page that accesses like this one touched last; undefined where it does not pay. */
  recent(instruction: Instruction): RecentPage | undefined {
    const key = recentKey(instruction);
    return key === undefined ? undefined : this.#recent.get(key);
  }

  get recentPages(): Iterable<RecentPage> {
    return this.#recent.values();
  }

  x(number: number): number {
    return this.#x.local(number);
  }

  setX(number: number, value: () => void): void {
    this.#x.set(number, value);
  }

  float(number: number): number {
    return this.#float.local(number);
  }

  setFloat(number: number, value: () => void): void {
    this.#float.set(number, value);
  }

  /** Whether any instruction touches the floating-point state. */
  get usesFloat(): boolean {
    return this.#float.used;
  }

  /** A block begins: control may have come from anywhere. */
  beginBlock(): void {
    this.#x.forget();
    this.#float.forget();
  }

  /** Appends loads of what an instruction reads, before any branch of its own. */
  prepare({ row, word }: Instruction): void {
    for (const field of SOURCES) {
      const number = fieldOf(word, field);
      if (row.registers[field] === 'x' && number !== 0) this.#x.know(number);
      else if (row.registers[field] === 'f') this.#float.know(number);
    }
  }

  /** Appends loads of the resident registers. */
  load(): void {
    this.#x.loadResident();
    this.#float.loadResident();
  }

  /** Appends stores of the resident registers that the region writes. */
  store(): void {
    this.#x.storeResident();
    this.#float.storeResident();
  }
}

/** Operands of one instruction as constants and locals. `pcBase` is the local with the address of the page. */
export const instructionOperands = (
  f: FunctionBuilder,
  registers: RegisterLocals,
  pcBase: number,
  { word, immediate, offset, length }: Instruction,
): Operands => ({
  x: (field) => {
    const number = fieldOf(word, field);
    if (number === 0) f.i64(0n);
    else f.get(registers.x(number));
  },
  f: (field) => void f.get(registers.float(fieldOf(word, field))).op('i64.reinterpret_f64'),
  double: (field) => void f.get(registers.float(fieldOf(word, field))),
  setX: (value) => {
    const number = fieldOf(word, 'rd');
    // Values have no side effects, so what nobody reads is not computed.
    if (number !== 0) registers.setX(number, value);
  },
  setF: (value) =>
    registers.setFloat(fieldOf(word, 'rd'), () => {
      value();
      f.op('f64.reinterpret_i64');
    }),
  setDouble: (value) => registers.setFloat(fieldOf(word, 'rd'), value),
  immediate: () => void f.i64(BigInt(immediate)),
  pc: () => void f.get(pcBase).i64(BigInt(offset)).op('i64.add'),
  nextPc: () =>
    void f
      .get(pcBase)
      .i64(BigInt(offset + length))
      .op('i64.add'),
});
