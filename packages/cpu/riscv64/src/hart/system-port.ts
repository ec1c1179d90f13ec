// Hot code: kernels execute CSR accesses, traps and fences all the time.
import { CSR, ExceptionCause, type HartMmu, instructions, type SystemOperation } from '@vivarium/isa-riscv';
import { COLD_16 } from '../decode/slot.ts';
import {
  type HartState,
  MACHINE,
  MSTATUS_TSR,
  MSTATUS_TVM,
  MSTATUS_TW,
  SUPERVISOR,
  USER,
} from '../state/hart-state.ts';
import { CACHE_BLOCK, ENVCFG_CBCFE, ENVCFG_CBIE, ENVCFG_CBZE } from '../state/cache-block.ts';
import { csrSlot } from '../state/csr-slots.ts';
import { STATE_ADDRESS, STATE_X } from '../state/layout.ts';
import { type CsrFile, DEADLINE, INTERRUPTS, NOTHING, TRANSLATION } from './csr-file.ts';
import type { MemoryPort } from './memory-port.ts';
import type { SlotReader } from './operands.ts';
import type { Traps } from './traps.ts';

const GO_ON = 0;
const PC_IS_SET = 1;

/** What system instructions make the hart do. */
export interface SystemEffects {
  /** Takes a pending interrupt at the present pc, if any. */
  takeInterrupt(): void;
  /** Ends the slice: a deadline changed, or other harts should run. */
  endSlice(): void;
  /** Waits for an interrupt. */
  idle(): void;
  /** Environment call; the firmware may handle it. */
  environmentCall(): void;
  /** What other harts wrote is seen as code from here on; false when it is anyway. */
  codeFence(): boolean;
  /** Illegal-instruction exception. */
  illegal(): number;
}

/** System instructions of one hart. */
export class SystemPort {
  readonly #state: HartState;
  readonly #csr: CsrFile;
  readonly #traps: Traps;
  readonly #mmu: HartMmu;
  readonly #memory: MemoryPort;
  readonly #slots: SlotReader;
  readonly #effects: SystemEffects;
  /** By row number; looked up once. */
  readonly #operations: readonly (SystemOperation | undefined)[];

  constructor(
    parts: {
      readonly state: HartState;
      readonly csr: CsrFile;
      readonly traps: Traps;
      readonly mmu: HartMmu;
      readonly memory: MemoryPort;
      readonly slots: SlotReader;
    },
    effects: SystemEffects,
  ) {
    this.#state = parts.state;
    this.#csr = parts.csr;
    this.#traps = parts.traps;
    this.#mmu = parts.mmu;
    this.#memory = parts.memory;
    this.#slots = parts.slots;
    this.#effects = effects;
    this.#operations = instructions.map((row) => {
      const statement = row.semantics[0];
      return statement?.kind === 'system' ? statement.operation : undefined;
    });
  }

  execute(slot: number): number {
    const operation = this.#operations[this.#slots.row(slot)];
    const { privilege, mstatus } = this.#state;
    switch (operation) {
      case 'csrrw':
      case 'csrrs':
      case 'csrrc':
      case 'csrrwi':
      case 'csrrsi':
      case 'csrrci':
        return this.#csrAccess(operation, slot);
      case 'ecall':
        this.#effects.environmentCall();
        return PC_IS_SET;
      case 'ebreak':
        this.#traps.exception(ExceptionCause.Breakpoint, this.#state.pcLow, this.#state.pcHigh);
        return PC_IS_SET;
      case 'mret':
        if (privilege < MACHINE) return this.#effects.illegal();
        this.#traps.returnFromMachine();
        this.#effects.takeInterrupt();
        return PC_IS_SET;
      case 'sret':
        if (privilege < SUPERVISOR || (privilege === SUPERVISOR && (mstatus & MSTATUS_TSR) !== 0)) {
          return this.#effects.illegal();
        }
        this.#traps.returnFromSupervisor();
        this.#effects.takeInterrupt();
        return PC_IS_SET;
      case 'wfi':
        if (privilege === USER || (privilege < MACHINE && (mstatus & MSTATUS_TW) !== 0)) return this.#effects.illegal();
        this.#state.advance(4);
        this.#effects.idle();
        return PC_IS_SET;
      case 'wrs.nto':
        if (privilege < MACHINE && (mstatus & MSTATUS_TW) !== 0) return this.#effects.illegal();
        this.#effects.endSlice();
        return GO_ON;
      case 'wrs.sto':
        this.#effects.endSlice();
        return GO_ON;
      case 'sfence.vma':
      case 'sinval.vma':
        return this.#translationFence(slot);
      case 'sfence.w.inval':
      case 'sfence.inval.ir':
        return privilege === USER ? this.#effects.illegal() : GO_ON;
      case 'fence.i':
        if (!this.#effects.codeFence()) return GO_ON;
        this.#state.advance(4);
        return PC_IS_SET;
      case 'cbo.inval':
        return this.#cacheBlock(slot, ENVCFG_CBIE);
      case 'cbo.clean':
      case 'cbo.flush':
        return this.#cacheBlock(slot, ENVCFG_CBCFE);
      case 'cbo.zero':
        return this.#zero(slot);
      default:
        return this.#effects.illegal();
    }
  }

  #csrAccess(operation: SystemOperation, slot: number): number {
    const csr = this.#csr;
    const state = this.#state;
    const number = this.#slots.immediate(slot);
    const rd = this.#slots.rd(slot);
    const source = this.#slots.rs1(slot);
    const replaces = operation === 'csrrw' || operation === 'csrrwi';
    const immediate = operation.endsWith('i');
    const writes = replaces || source !== 0;
    if (!csr.accessible(number, writes)) return this.#effects.illegal();
    const taken = writes ? csr.take(number) : undefined;
    if (taken !== undefined) {
      state.setXHalves(rd, csr.low, csr.high);
      return this.#apply(taken, slot);
    }
    const operandLow = immediate ? source : state.low(STATE_X + source * 8);
    const operandHigh = immediate ? 0 : state.high(STATE_X + source * 8);
    let resultLow = 0;
    let resultHigh = 0;
    // csrrw with rd = x0 must not read, for a read might have effects (Zicsr); none of ours has any.
    if (!replaces || rd !== 0) {
      csr.read(number);
      resultLow = csr.low;
      resultHigh = csr.high;
    }
    let effect = NOTHING;
    if (replaces) effect = csr.write(number, operandLow, operandHigh);
    else if (writes) {
      csr.readModifiable(number);
      const set = operation === 'csrrs' || operation === 'csrrsi';
      effect = set
        ? csr.write(number, csr.low | operandLow, csr.high | operandHigh)
        : csr.write(number, csr.low & ~operandLow, csr.high & ~operandHigh);
    }
    state.setXHalves(rd, resultLow, resultHigh);
    return effect === NOTHING ? GO_ON : this.#apply(effect, slot);
  }

  /** Goes on behind the instruction with what its write changed. */
  #apply(effect: number, slot: number): number {
    this.#state.advance(this.#slots.short(slot, COLD_16) ? 2 : 4);
    if ((effect & TRANSLATION) !== 0) this.#traps.translationChanged();
    if ((effect & DEADLINE) !== 0) this.#effects.endSlice();
    if ((effect & INTERRUPTS) !== 0) this.#effects.takeInterrupt();
    return PC_IS_SET;
  }

  #translationFence(slot: number): number {
    const state = this.#state;
    const { privilege } = state;
    if (privilege === USER || (privilege === SUPERVISOR && (state.mstatus & MSTATUS_TVM) !== 0)) {
      return this.#effects.illegal();
    }
    const address = this.#slots.rs1(slot);
    const space = this.#slots.rs2(slot);
    if (address !== 0) this.#mmu.flushPage(state.low(STATE_X + address * 8), state.high(STATE_X + address * 8));
    else if (space !== 0) this.#mmu.flushSpace(state.low(STATE_X + space * 8) & 0xffff);
    else this.#mmu.flush();
    this.#traps.translationChanged();
    // The page of the next instruction may be mapped differently now.
    state.advance(4);
    return PC_IS_SET;
  }

  /** Whether menvcfg and senvcfg let the present privilege use a cache-block instruction. */
  #cacheBlockAllowed(bit: number): boolean {
    const { privilege } = this.#state;
    if (privilege === MACHINE) return true;
    if ((this.#state.low(csrSlot(CSR.menvcfg)) & bit) === 0) return false;
    return privilege === SUPERVISOR || (this.#state.low(csrSlot(CSR.senvcfg)) & bit) !== 0;
  }

  /** Memory is always coherent here: what remains are permission and translation. */
  #cacheBlock(slot: number, bit: number): number {
    if (!this.#cacheBlockAllowed(bit)) return this.#effects.illegal();
    return this.#memory.touch(this.#takeAddress(slot));
  }

  #zero(slot: number): number {
    if (!this.#cacheBlockAllowed(ENVCFG_CBZE)) return this.#effects.illegal();
    const low = this.#takeAddress(slot);
    return this.#memory.zero(low & ~(CACHE_BLOCK - 1), this.#state.addressHigh, CACHE_BLOCK);
  }

  /** STATE_ADDRESS = x[rs1]; gives its low half. */
  #takeAddress(slot: number): number {
    this.#state.copy(STATE_ADDRESS, STATE_X + this.#slots.rs1(slot) * 8);
    return this.#state.addressLow;
  }
}
