// Hot code: runs on each system call, fault and interrupt of the guest.
import { CSR, ExceptionCause, type HartMmu } from '@vivarium/isa-riscv';
import {
  type HartState,
  MACHINE,
  MSTATUS_MIE,
  MSTATUS_MPIE,
  MSTATUS_MPP,
  MSTATUS_MPP_SHIFT,
  MSTATUS_MPRV,
  MSTATUS_SIE,
  MSTATUS_SPIE,
  MSTATUS_SPP,
  SUPERVISOR,
} from '../state/hart-state.ts';
import { csrSlot } from '../state/csr-slots.ts';
import {
  REGIME_BYTES,
  REGIME_CONTEXT,
  STATE_CONTEXT,
  STATE_EXCEPTIONS,
  STATE_FETCH_TLB,
  STATE_READ_TLB,
  STATE_REGIMES,
  STATE_WRITE_TLB,
} from '../state/layout.ts';
import { FIRST_INTERRUPT, TRAP_NUMBERS } from './hart-counts.ts';
import type { Interrupts } from './interrupts.ts';

const INTERRUPT_HIGH = 1 << 31;
/** A handler that itself traps at the same place, again and again, executes nothing: so many times are enough to know. */
const LOOP_LIMIT = 1000;

/** Where a mode keeps what a trap leaves behind: offsets in the hart's state. */
interface TrapRegisters {
  readonly vector: number;
  readonly epc: number;
  readonly cause: number;
  readonly value: number;
}

/** Trap entry and return (Privileged Architecture, sections 3.1.6 to 3.1.16, 12.1). */
export class Traps {
  readonly #state: HartState;
  readonly #interrupts: Interrupts;
  readonly #mmu: HartMmu;
  readonly #machine: TrapRegisters;
  readonly #supervisor: TrapRegisters;
  readonly #delegated: number;
  readonly #attempts: () => number;
  /** Traps taken here, by number (see hart-counts.ts). */
  readonly taken = new Float64Array(TRAP_NUMBERS);
  #repeated = 0;
  #lastAttempt = -1;
  #lastPcLow = 0;
  #lastCause = -1;

  /** `attempts` counts instructions since reset, including the present one. */
  constructor(state: HartState, interrupts: Interrupts, mmu: HartMmu, attempts: () => number) {
    this.#state = state;
    this.#interrupts = interrupts;
    this.#mmu = mmu;
    this.#attempts = attempts;
    this.#machine = {
      vector: csrSlot(CSR.mtvec),
      epc: csrSlot(CSR.mepc),
      cause: csrSlot(CSR.mcause),
      value: csrSlot(CSR.mtval),
    };
    this.#supervisor = {
      vector: csrSlot(CSR.stvec),
      epc: csrSlot(CSR.sepc),
      cause: csrSlot(CSR.scause),
      value: csrSlot(CSR.stval),
    };
    this.#delegated = csrSlot(CSR.medeleg);
  }

  /** Exceptions since reset: attempted instructions that did not retire. */
  get exceptions(): number {
    return this.#state.counter(STATE_EXCEPTIONS);
  }

  /** True when traps repeat without a single instruction in between: the hart will never do anything else. */
  get looping(): boolean {
    return this.#repeated >= LOOP_LIMIT;
  }

  /** Takes an exception at the present pc. */
  exception(cause: number, valueLow: number, valueHigh: number): void {
    this.#state.count(STATE_EXCEPTIONS);
    this.#watch(cause);
    this.taken[cause] += 1;
    const { privilege } = this.#state;
    const delegate = privilege <= SUPERVISOR && ((this.#state.low(this.#delegated) >>> cause) & 1) !== 0;
    this.#enter(delegate, cause, 0, valueLow, valueHigh);
  }

  /** Takes an interrupt before the instruction at the present pc. */
  interrupt(cause: number): void {
    this.taken[FIRST_INTERRUPT + cause] += 1;
    const delegate = this.#state.privilege <= SUPERVISOR && ((this.#interrupts.delegated >>> cause) & 1) !== 0;
    this.#enter(delegate, cause, INTERRUPT_HIGH, 0, 0);
  }

  illegal(instruction: number): void {
    this.exception(ExceptionCause.IllegalInstruction, instruction, 0);
  }

  #watch(cause: number): void {
    const attempt = this.#attempts();
    const { pcLow } = this.#state;
    const same = attempt === this.#lastAttempt + 1 && pcLow === this.#lastPcLow && cause === this.#lastCause;
    this.#repeated = same ? this.#repeated + 1 : 0;
    this.#lastAttempt = attempt;
    this.#lastPcLow = pcLow;
    this.#lastCause = cause;
  }

  #enter(delegate: boolean, cause: number, causeHigh: number, valueLow: number, valueHigh: number): void {
    const state = this.#state;
    const to = delegate ? this.#supervisor : this.#machine;
    state.set(to.epc, state.pcLow, state.pcHigh);
    state.set(to.cause, cause, causeHigh);
    state.set(to.value, valueLow, valueHigh);
    let { mstatus } = state;
    if (delegate) {
      mstatus = (mstatus & MSTATUS_SIE) !== 0 ? mstatus | MSTATUS_SPIE : mstatus & ~MSTATUS_SPIE;
      mstatus = state.privilege === SUPERVISOR ? mstatus | MSTATUS_SPP : mstatus & ~MSTATUS_SPP;
      mstatus &= ~MSTATUS_SIE;
      state.privilege = SUPERVISOR;
    } else {
      mstatus = (mstatus & MSTATUS_MIE) !== 0 ? mstatus | MSTATUS_MPIE : mstatus & ~MSTATUS_MPIE;
      mstatus = (mstatus & ~(MSTATUS_MPP | MSTATUS_MIE)) | (state.privilege << MSTATUS_MPP_SHIFT);
      state.privilege = MACHINE;
    }
    state.mstatus = mstatus;
    const vector = state.low(to.vector);
    const base = vector & ~3;
    // Vectored mode: interrupts go to base + 4 × cause; a carry out of the low half is the guest's alignment problem.
    const low = (vector & 1) !== 0 && causeHigh !== 0 ? (base >>> 0) + cause * 4 : base >>> 0;
    state.setPc(low | 0, state.high(to.vector) + (low > 0xffffffff ? 1 : 0));
    state.dropReservation();
    this.translationChanged();
  }

  /** mret. */
  returnFromMachine(): void {
    const state = this.#state;
    const previous = (state.mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
    let mstatus = state.mstatus & ~(MSTATUS_MIE | MSTATUS_MPP);
    if ((mstatus & MSTATUS_MPIE) !== 0) mstatus |= MSTATUS_MIE;
    mstatus |= MSTATUS_MPIE;
    if (previous !== MACHINE) mstatus &= ~MSTATUS_MPRV;
    this.#leave(mstatus, previous, this.#machine);
  }

  /** sret. */
  returnFromSupervisor(): void {
    const state = this.#state;
    const previous = (state.mstatus & MSTATUS_SPP) === 0 ? 0 : SUPERVISOR;
    let mstatus = state.mstatus & ~(MSTATUS_SIE | MSTATUS_SPP | MSTATUS_MPRV);
    if ((mstatus & MSTATUS_SPIE) !== 0) mstatus |= MSTATUS_SIE;
    mstatus |= MSTATUS_SPIE;
    this.#leave(mstatus, previous, this.#supervisor);
  }

  #leave(mstatus: number, privilege: number, from: TrapRegisters): void {
    const state = this.#state;
    state.mstatus = mstatus;
    state.privilege = privilege;
    state.setPc(state.low(from.epc), state.high(from.epc));
    state.dropReservation();
    this.translationChanged();
  }

  /** Chooses the TLBs for the present privilege and status, where generated code finds them. */
  translationChanged(): void {
    const mmu = this.#mmu;
    mmu.select();
    this.#state.setWord(STATE_READ_TLB, mmu.readTlb);
    this.#state.setWord(STATE_WRITE_TLB, mmu.writeTlb);
    this.#state.setWord(STATE_FETCH_TLB, mmu.fetchTlb);
    this.#state.setWord(STATE_CONTEXT, mmu.context);
    this.#state.setWord(STATE_REGIMES + REGIME_CONTEXT, mmu.userContext);
    this.#state.setWord(STATE_REGIMES + REGIME_BYTES + REGIME_CONTEXT, mmu.supervisorContext);
    this.#state.setWord(STATE_REGIMES + 2 * REGIME_BYTES + REGIME_CONTEXT, mmu.supervisorContext);
  }

  reset(): void {
    this.taken.fill(0);
    this.#mmu.regimes.forEach(({ read, write, fetch }, number) => {
      const at = STATE_REGIMES + number * REGIME_BYTES;
      this.#state.setWord(at, read);
      this.#state.setWord(at + 4, write);
      this.#state.setWord(at + 8, fetch);
    });
    this.#repeated = 0;
    this.#lastAttempt = -1;
    this.translationChanged();
  }
}
