// Hot code: runs on each miss of the fetch TLB.
import { ExceptionCause, FETCH, type HartMmu, PAGE_FAULT } from '@vivarium/isa-riscv';
import type { CodeCache } from '../decode/code-cache.ts';
import type { StopPoints } from '../debug/stop-points.ts';
import { PAGE_END, SLOT_BYTES } from '../decode/slot.ts';
import type { HartState } from '../state/hart-state.ts';
import { STATE_STRADDLE } from '../state/layout.ts';
import type { Traps } from './traps.ts';

/** Brings code to the interpreter: whole pages, or single instructions where a page will not do. */
export class FetchPort {
  readonly #state: HartState;
  readonly #mmu: HartMmu;
  readonly #code: CodeCache;
  readonly #traps: Traps;
  readonly #view: DataView;
  readonly #halves: Uint16Array;
  /** A page of slots that all say STRADDLE: executes code of which PMP allows only parts, one instruction at a time. */
  readonly #guardedSlots: number;
  readonly #points: StopPoints;

  constructor(
    state: HartState,
    mmu: HartMmu,
    code: CodeCache,
    traps: Traps,
    buffer: ArrayBuffer | SharedArrayBuffer,
    guardedSlots: number,
    points: StopPoints,
  ) {
    this.#state = state;
    this.#mmu = mmu;
    this.#code = code;
    this.#traps = traps;
    this.#view = new DataView(buffer);
    this.#halves = new Uint16Array(buffer);
    this.#guardedSlots = guardedSlots;
    this.#points = points;
  }

  /** Enters pc's page into the fetch TLB, or traps. A trap counts as an attempted instruction. */
  miss(): void {
    const state = this.#state;
    const low = state.pcLow;
    const high = state.pcHigh;
    const offset = this.#mmu.resolve(low, high, 2, FETCH);
    if (offset < 0) {
      state.budget -= 1;
      this.#fault(offset, low, high);
      return;
    }
    if (!this.#mmu.uniform) {
      this.#mmu.enterFetch(low, high, this.#guardedSlots);
      return;
    }
    const within = low & 0xfff;
    const slots = this.#code.slots(this.#mmu.physical - within, offset - within);
    if (this.#points.breaks) for (const half of this.#points.halves(low, high)) this.#code.setApart(slots, half);
    this.#mmu.enterFetch(low, high, slots);
  }

  /** Decodes the one instruction at pc into the hart's own slots and gives their address, or 0 after a trap. */
  single(): number {
    const state = this.#state;
    const low = state.pcLow;
    const high = state.pcHigh;
    const first = this.#mmu.resolve(low, high, 2, FETCH);
    if (first < 0) return this.#fault(first, low, high);
    let word = this.#half(first);
    if ((word & 3) === 3) {
      const nextLow = (low + 2) | 0;
      const nextHigh = nextLow === 0 ? (high + 1) | 0 : high;
      const second = this.#mmu.resolve(nextLow, nextHigh, 2, FETCH);
      if (second < 0) return this.#fault(second, nextLow, nextHigh);
      word |= this.#half(second) << 16;
    }
    const slot = state.base + STATE_STRADDLE;
    this.#code.decodeInto(slot, word);
    const length = (word & 3) === 3 ? 2 : 1;
    this.#view.setInt32(slot + length * SLOT_BYTES, PAGE_END, true);
    return slot;
  }

  /** The bits of the instruction at pc, which was fetched a moment ago: for mtval of an illegal instruction. */
  instruction(): number {
    const state = this.#state;
    const low = state.pcLow;
    const first = this.#mmu.resolve(low, state.pcHigh, 2, FETCH);
    if (first < 0) return 0;
    const word = this.#half(first);
    if ((word & 3) !== 3) return word;
    const nextLow = (low + 2) | 0;
    const second = this.#mmu.resolve(nextLow, nextLow === 0 ? (state.pcHigh + 1) | 0 : state.pcHigh, 2, FETCH);
    return second < 0 ? 0 : word | (this.#half(second) << 16);
  }

  #half(offset: number): number {
    return this.#halves[offset >>> 1];
  }

  #fault(outcome: number, low: number, high: number): number {
    const cause = outcome === PAGE_FAULT ? ExceptionCause.InstructionPageFault : ExceptionCause.InstructionAccessFault;
    this.#traps.exception(cause, low, high);
    return 0;
  }
}
