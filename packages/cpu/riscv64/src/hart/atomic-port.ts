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
  readonly #view: DataView;
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
    this.#view = new DataView(buffer);
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
    const old = this.#load(offset, bytes);
    if (statement.kind === 'load-reserved') {
      if (this.#stopped(bytes, LOADS)) return TRAPPED;
      state.set(STATE_RESERVATION, offset, 0);
      state.setQuad(STATE_RESERVED_VALUE, old);
      state.setX(rd, old);
      return DONE;
    }
    const operand = state.x(this.#slots.rs2(slot));
    if (statement.kind === 'store-conditional') {
      const reserved = state.low(STATE_RESERVATION) === (offset | 0) && state.high(STATE_RESERVATION) === 0;
      const holds = reserved && state.quad(STATE_RESERVED_VALUE) === old;
      if (holds && this.#stopped(bytes, STORES)) return TRAPPED;
      if (holds) this.#store(offset, bytes, operand);
      state.dropReservation();
      state.setX(rd, holds ? 0n : 1n);
      return DONE;
    }
    if (this.#stopped(bytes, LOADS | STORES)) return TRAPPED;
    this.#store(offset, bytes, combine(statement.operation, bytes, old, operand));
    state.setX(rd, old);
    return DONE;
  }

  #stopped(bytes: 4 | 8, kinds: number): boolean {
    return this.#memory.stopped(this.#state.addressLow, this.#state.addressHigh, bytes, kinds);
  }

  #load(offset: number, bytes: 4 | 8): bigint {
    return bytes === 4 ? BigInt(this.#view.getInt32(offset, true)) : this.#view.getBigInt64(offset, true);
  }

  #store(offset: number, bytes: 4 | 8, value: bigint): void {
    if (bytes === 4) this.#view.setInt32(offset, Number(BigInt.asIntN(32, value)), true);
    else this.#view.setBigInt64(offset, value, true);
    this.#memory.changed(this.#physical(), bytes);
  }
}

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
