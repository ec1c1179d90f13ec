import { LOADS, STORES } from '../debug/stop-points.ts';
import { type AtomicOperation, instructions, READ, WRITE } from '@vivarium/isa-riscv';
import type { HartState } from '../state/hart-state.ts';
import { STATE_RESERVATION, STATE_RESERVED_VALUE } from '../state/layout.ts';
import type { MemoryPort } from './memory-port.ts';
import type { SlotReader } from './operands.ts';

const TRAPPED = 1;
const DONE = 0;

/** Whole atomic instructions, for the first access to a page and for pages that never enter the TLB. */
export class AtomicPort {
  readonly #state: HartState;
  readonly #slots: SlotReader;
  readonly #memory: MemoryPort;
  readonly #words: Int32Array;
  readonly #quads: BigInt64Array;
  readonly #physical: () => number;

  /** `physical` is the guest-physical address of the last resolved access. */
  constructor(
    state: HartState,
    slots: SlotReader,
    memory: MemoryPort,
    buffer: ArrayBuffer | SharedArrayBuffer,
    physical: () => number,
  ) {
    this.#state = state;
    this.#slots = slots;
    this.#memory = memory;
    this.#words = new Int32Array(buffer);
    this.#quads = new BigInt64Array(buffer);
    this.#physical = physical;
  }

  execute(slot: number): number {
    const statement = instructions[this.#slots.row(slot)]?.semantics[0];
    if (
      statement === undefined ||
      (statement.kind !== 'atomic' && statement.kind !== 'load-reserved' && statement.kind !== 'store-conditional')
    ) {
      throw new TypeError('not an atomic instruction');
    }
    const state = this.#state;
    const { bytes } = statement;
    const access = statement.kind === 'load-reserved' ? READ : WRITE;
    const offset = this.#memory.resolveAtomic(state.addressLow, state.addressHigh, bytes, access);
    if (offset < 0) return TRAPPED;
    const rd = this.#slots.rd(slot);
    if (statement.kind === 'load-reserved') {
      if (this.#stopped(bytes, LOADS)) return TRAPPED;
      const old = this.#load(offset, bytes);
      state.set(STATE_RESERVATION, offset, 0);
      state.setQuad(STATE_RESERVED_VALUE, old);
      state.setX(rd, old);
      return DONE;
    }
    const operand = state.x(this.#slots.rs2(slot));
    if (statement.kind === 'store-conditional') {
      const reserved = state.low(STATE_RESERVATION) === (offset | 0) && state.high(STATE_RESERVATION) === 0;
      const expected = state.quad(STATE_RESERVED_VALUE);
      const likely = reserved && this.#load(offset, bytes) === expected;
      if (likely && this.#stopped(bytes, STORES)) return TRAPPED;
      const holds = likely && this.#exchange(offset, bytes, expected, operand);
      state.dropReservation();
      state.setX(rd, holds ? 0n : 1n);
      return DONE;
    }
    if (this.#stopped(bytes, LOADS | STORES)) return TRAPPED;
    let old: bigint;
    do {
      old = this.#load(offset, bytes);
    } while (!this.#exchange(offset, bytes, old, combine(statement.operation, bytes, old, operand)));
    state.setX(rd, old);
    return DONE;
  }

  #stopped(bytes: 4 | 8, kinds: number): boolean {
    return this.#memory.stopped(this.#state.addressLow, this.#state.addressHigh, bytes, kinds);
  }

  #load(offset: number, bytes: 4 | 8): bigint {
    return bytes === 4 ? BigInt(Atomics.load(this.#words, offset >>> 2)) : Atomics.load(this.#quads, offset >>> 3);
  }

  /** Stores `value` where `expected` is; false when something else was there. Operands are aligned. */
  #exchange(offset: number, bytes: 4 | 8, expected: bigint, value: bigint): boolean {
    const done =
      bytes === 4
        ? Atomics.compareExchange(this.#words, offset >>> 2, word(expected), word(value)) === word(expected)
        : Atomics.compareExchange(this.#quads, offset >>> 3, expected, BigInt.asIntN(64, value)) === expected;
    if (done) this.#memory.changed(this.#physical(), bytes);
    return done;
  }
}

const word = (value: bigint): number => Number(BigInt.asIntN(32, value));

const combine = (operation: AtomicOperation, bytes: 4 | 8, old: bigint, register: bigint): bigint => {
  const operand = bytes === 4 ? BigInt.asIntN(32, register) : register;
  const unsigned = (value: bigint): bigint => BigInt.asUintN(bytes * 8, value);
  switch (operation) {
    case 'swap':
      return operand;
    case 'add':
      return old + operand;
    case 'xor':
      return old ^ operand;
    case 'and':
      return old & operand;
    case 'or':
      return old | operand;
    case 'min':
      return old < operand ? old : operand;
    case 'max':
      return old > operand ? old : operand;
    case 'minu':
      return unsigned(old) < unsigned(operand) ? old : operand;
    case 'maxu':
      return unsigned(old) > unsigned(operand) ? old : operand;
  }
};
