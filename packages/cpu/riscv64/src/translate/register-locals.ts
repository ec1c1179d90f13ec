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

/** The guest registers that a region uses, each in a local: x registers as i64, f registers as f64. */
export class RegisterLocals {
  readonly #f: FunctionBuilder;
  readonly #x = new Map<number, number>();
  readonly #float = new Map<number, number>();
  readonly #recent = new Map<number, RecentPage>();
  readonly #writtenX = new Set<number>();
  readonly #writtenFloat = new Set<number>();

  constructor(f: FunctionBuilder, blocks: readonly Block[]) {
    this.#f = f;
    for (const block of blocks) {
      for (const instruction of block.instructions) {
        this.#declare(instruction);
        this.#declareRecent(instruction);
      }
    }
  }

  #declare({ row, word }: Instruction): void {
    for (const field of [...SOURCES, 'rd'] as const) {
      const number = fieldOf(word, field);
      if (row.registers[field] === 'x' && number !== 0) {
        if (!this.#x.has(number)) this.#x.set(number, this.#f.local('i64'));
        if (field === 'rd') this.#writtenX.add(number);
      } else if (row.registers[field] === 'f') {
        if (!this.#float.has(number)) this.#float.set(number, this.#f.local('f64'));
        if (field === 'rd') this.#writtenFloat.add(number);
      }
    }
  }

  #declareRecent({ row, word }: Instruction): void {
    const base = fieldOf(word, 'rs1');
    if (this.#recent.has(base) || !row.semantics.some(isLoad)) return;
    this.#recent.set(base, { page: this.#f.local('i64'), limit: this.#f.local('i64'), addend: this.#f.local('i32') });
  }

  /** Locals for the page that loads through the base register of a load touched last; undefined for anything else. */
  recent({ row, word }: Instruction): RecentPage | undefined {
    return row.semantics.some(isLoad) ? this.#recent.get(fieldOf(word, 'rs1')) : undefined;
  }

  get recentPages(): Iterable<RecentPage> {
    return this.#recent.values();
  }

  x(number: number): number {
    return local(this.#x, number);
  }

  float(number: number): number {
    return local(this.#float, number);
  }

  /** Whether any instruction touches the floating-point state. */
  get usesFloat(): boolean {
    return this.#float.size > 0;
  }

  /** Appends loads of all registers from the state, whose offset is in local `state`. */
  load(state: number): void {
    for (const [number, index] of this.#x) {
      this.#f
        .get(state)
        .memory('i64.load', STATE_X + number * 8)
        .set(index);
    }
    for (const [number, index] of this.#float) {
      this.#f
        .get(state)
        .memory('f64.load', STATE_F + number * 8)
        .set(index);
    }
  }

  /** Appends stores of the registers that the region writes. */
  store(state: number): void {
    for (const number of this.#writtenX) {
      this.#f
        .get(state)
        .get(this.x(number))
        .memory('i64.store', STATE_X + number * 8);
    }
    for (const number of this.#writtenFloat) {
      this.#f
        .get(state)
        .get(this.float(number))
        .memory('f64.store', STATE_F + number * 8);
    }
  }
}

const local = (map: ReadonlyMap<number, number>, number: number): number => {
  const index = map.get(number);
  if (index === undefined) throw new TypeError(`register ${number} has no local`);
  return index;
};

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
    if (number === 0) return;
    value();
    f.set(registers.x(number));
  },
  setF: (value) => {
    value();
    f.op('f64.reinterpret_i64').set(registers.float(fieldOf(word, 'rd')));
  },
  setDouble: (value) => {
    value();
    f.set(registers.float(fieldOf(word, 'rd')));
  },
  immediate: () => void f.i64(BigInt(immediate)),
  pc: () => void f.get(pcBase).i64(BigInt(offset)).op('i64.add'),
  nextPc: () =>
    void f
      .get(pcBase)
      .i64(BigInt(offset + length))
      .op('i64.add'),
});
