// Hot code: asked after each CSR write and each change of privilege.
import { InterruptCause } from '@vivarium/isa-riscv';
import { type HartState, MACHINE, MSTATUS_MIE, MSTATUS_SIE, SUPERVISOR } from '../state/hart-state.ts';
import { STATE_DELEGATED, STATE_ENABLED, STATE_INPUTS, STATE_SOFTWARE } from '../state/layout.ts';

export const SSIP = 1 << InterruptCause.SupervisorSoftware;
export const MSIP = 1 << InterruptCause.MachineSoftware;
export const STIP = 1 << InterruptCause.SupervisorTimer;
export const MTIP = 1 << InterruptCause.MachineTimer;
export const SEIP = 1 << InterruptCause.SupervisorExternal;
export const MEIP = 1 << InterruptCause.MachineExternal;

export const MACHINE_INTERRUPTS = MSIP | MTIP | MEIP;
export const SUPERVISOR_INTERRUPTS = SSIP | STIP | SEIP;
export const ALL_INTERRUPTS = MACHINE_INTERRUPTS | SUPERVISOR_INTERRUPTS;

/** Highest first (Privileged Architecture, section 3.1.9). */
const PRIORITY: readonly number[] = [
  InterruptCause.MachineExternal,
  InterruptCause.MachineSoftware,
  InterruptCause.MachineTimer,
  InterruptCause.SupervisorExternal,
  InterruptCause.SupervisorSoftware,
  InterruptCause.SupervisorTimer,
];

/** mip, mie and mideleg of one hart. */
export class Interrupts {
  readonly #state: HartState;
  readonly #supervisorTimer: () => boolean;

  /** `supervisorTimer` says whether the Sstc comparator is due. */
  constructor(state: HartState, supervisorTimer: () => boolean) {
    this.#state = state;
    this.#supervisorTimer = supervisorTimer;
  }

  /** Levels of the inputs, as bits of mip. */
  get inputs(): number {
    return this.#state.low(STATE_INPUTS);
  }

  /** Bits of mip that software set: SSIP, STIP, SEIP. */
  get software(): number {
    return this.#state.low(STATE_SOFTWARE);
  }

  get enabled(): number {
    return this.#state.low(STATE_ENABLED);
  }

  set enabled(bits: number) {
    this.#state.setWord(STATE_ENABLED, bits);
  }

  get delegated(): number {
    return this.#state.low(STATE_DELEGATED);
  }

  set delegated(bits: number) {
    this.#state.setWord(STATE_DELEGATED, bits);
  }

  /** Sets the level of inputs; true when one of them rises. */
  drive(bits: number, level: boolean): boolean {
    const rises = level && (this.inputs & bits) !== bits;
    this.#state.change(STATE_INPUTS, level ? bits : 0, level ? 0 : bits);
    return rises;
  }

  /** What software makes of the bits in `mask`. */
  setSoftware(mask: number, bits: number): void {
    this.#state.change(STATE_SOFTWARE, bits & mask, mask & ~bits);
  }

  /** mip. */
  get pending(): number {
    return this.inputs | this.software | (this.#supervisorTimer() ? STIP : 0);
  }

  /** Cause of the interrupt to take now, or −1. */
  next(): number {
    // The comparator is only read when nothing else decides and its interrupt is enabled: reading time is not free.
    let ready = (this.inputs | this.software) & this.enabled;
    if ((this.enabled & STIP) !== 0 && (ready & STIP) === 0 && this.#supervisorTimer()) ready |= STIP;
    this.#state.attention = ready !== 0;
    if (ready === 0) return -1;
    const { privilege, mstatus } = this.#state;
    const machine = privilege < MACHINE || (mstatus & MSTATUS_MIE) !== 0 ? ready & ~this.delegated : 0;
    if (machine !== 0) return highest(machine);
    const supervisor =
      privilege < SUPERVISOR || (privilege === SUPERVISOR && (mstatus & MSTATUS_SIE) !== 0)
        ? ready & this.delegated
        : 0;
    return supervisor === 0 ? -1 : highest(supervisor);
  }

  /** True when a wait for interrupts ends: pending and enabled, whatever the global enables say. */
  get wake(): boolean {
    return (this.pending & this.enabled) !== 0;
  }

  /** True when no interrupt can ever be taken without an instruction of this hart that changes its enables. */
  get masked(): boolean {
    const { privilege, mstatus } = this.#state;
    const machine = privilege < MACHINE || (mstatus & MSTATUS_MIE) !== 0 ? this.enabled & ~this.delegated : 0;
    const supervisor =
      privilege < SUPERVISOR || (privilege === SUPERVISOR && (mstatus & MSTATUS_SIE) !== 0)
        ? this.enabled & this.delegated
        : 0;
    return (machine | supervisor) === 0;
  }

  /** Cause of the most urgent interrupt that is pending and enabled for a level, whatever mstatus says; −1 for none. */
  top(level: 'machine' | 'supervisor'): number {
    const ready = this.pending & this.enabled;
    const own = level === 'supervisor' ? ready & this.delegated : ready & ~this.delegated;
    return own === 0 ? -1 : highest(own);
  }
}

const highest = (ready: number): number => PRIORITY.find((cause) => (ready & (1 << cause)) !== 0) ?? -1;
