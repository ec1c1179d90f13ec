// Hot code: CSR accesses are frequent in kernels. Values travel as two signed 32-bit halves in `low` and `high`.
import { CSR, type HartMmu } from '@vivarium/isa-riscv';
import {
  ENVCFG_ADUE_HIGH,
  ENVCFG_PBMTE_HIGH,
  ENVCFG_STCE_HIGH,
  type HartState,
  MACHINE,
  MSTATUS_FS,
  MSTATUS_MIE,
  MSTATUS_MPIE,
  MSTATUS_MPP,
  MSTATUS_MPP_SHIFT,
  MSTATUS_MPRV,
  MSTATUS_MXR,
  MSTATUS_SIE,
  MSTATUS_SUM,
  MSTATUS_TSR,
  MSTATUS_TVM,
  MSTATUS_TW,
  SUPERVISOR,
} from '../state/hart-state.ts';
import { csrSlot, SSTATUS_MASK, STATUS_UXL_HIGH } from '../state/csr-slots.ts';
import { STATE_SATP } from '../state/layout.ts';
import type { Counter } from './counters.ts';
import type { InterruptWindow, InterruptWindows } from './interrupt-window.ts';
import { ALL_INTERRUPTS, type Interrupts, SEIP, SSIP, STIP, SUPERVISOR_INTERRUPTS } from './interrupts.ts';
import type { SupervisorTimer } from './timer.ts';

/** What a write changed besides its own register; a union of bits. */
export const NOTHING = 0;
/** Translation or privilege: TLB choice must be made again. */
export const TRANSLATION = 1;
/** An interrupt may have become takable. */
export const INTERRUPTS = 2;
/** A deadline changed: whoever planned the slice must plan again. */
export const DEADLINE = 4;

interface CsrRow {
  /** Sets `low` and `high`. */
  readonly read: () => void;
  /** Absent: writes are ignored, though the address is read-write. */
  readonly write?: (low: number, high: number) => number;
  /**
   * In place of `write`, for a register that others change meanwhile: whoever writes it must see what it was in the same
   * step. Sets `low` and `high` to that, whatever is written.
   */
  readonly take?: () => number;
  /** Checked before any access. Absent: the address bits decide alone. */
  readonly permitted?: () => boolean;
}

const MSTATUS_MASK =
  SSTATUS_MASK | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR;
/** SXL is 64 bits (2), fixed, as UXL is. */
const STATUS_SXL_HIGH = 2 << 2;
const SIGN = 1 << 31;
/** Exceptions that can be delegated: all but environment calls from M (11) and the reserved ones. */
const DELEGATABLE = 0xb3ff;
/** menvcfg and senvcfg, low: FIOM, CBIE, CBCFE, CBZE. High half of menvcfg: ADUE, PBMTE, STCE. */
const ENVCFG_LOW = 0xf1;
/** misa: RV64 with A, C, D, F, I, M, S, U and B. */
const MISA_LOW = 'ABCDFIMSU'.split('').reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);
const MISA_MXL_64_HIGH = 2 << 30;
const COUNTERS = 0xffffffff | 0;
/** Identity in mtopi and stopi. */
const TOP_IDENTITY_SHIFT = 16;
const SATP_MODES: readonly number[] = [0, 8, 9, 10];

/** The parts that special registers speak for. */
export interface CsrParts {
  readonly hartId: number;
  readonly state: HartState;
  readonly interrupts: Interrupts;
  readonly timer: SupervisorTimer;
  readonly cycles: Counter;
  readonly retired: Counter;
  readonly mmu: HartMmu;
  /** Present when the hart has the Advanced Interrupt Architecture. */
  readonly windows: InterruptWindows | undefined;
}

/** Control and status registers of one hart (Privileged Architecture, chapters 2, 3 and 12). */
export class CsrFile {
  low = 0;
  high = 0;
  readonly #parts: CsrParts;
  readonly #rows: (CsrRow | undefined)[] = Array.from({ length: 4096 });

  constructor(parts: CsrParts) {
    this.#parts = parts;
    this.#defineUser();
    this.#defineSupervisor();
    this.#defineMachine();
    this.#defineProtection();
    if (parts.windows !== undefined) this.#defineAdvancedInterrupts(parts.windows);
  }

  /** Numbers of all registers that exist. */
  get numbers(): readonly number[] {
    return this.#rows.flatMap((row, number) => (row === undefined ? [] : [number]));
  }

  /** True when the present privilege may access the register; `write` when it means to change it. */
  accessible(number: number, write: boolean): boolean {
    const row = this.#rows[number];
    if (row === undefined || this.#parts.state.privilege < ((number >> 8) & 3)) return false;
    if (write && number >> 10 === 3) return false;
    return row.permitted === undefined || row.permitted();
  }

  read(number: number): void {
    this.low = 0;
    this.high = 0;
    this.#rows[number]?.read();
  }

  /** What csrrs and csrrc modify: of mip only what software set, not what the inputs show (section 3.1.9). */
  readModifiable(number: number): void {
    if (number === CSR.mip || number === CSR.sip) this.#set(this.#parts.interrupts.software, 0);
    else this.read(number);
  }

  /** Reads and writes a register in one step, if it is one that needs that; undefined, with nothing done, for others. */
  take(number: number): number | undefined {
    return this.#rows[number]?.take?.();
  }

  write(number: number, low: number, high: number): number {
    return this.take(number) ?? this.#rows[number]?.write?.(low, high) ?? NOTHING;
  }

  /** A register that only holds the bits in its masks. */
  #value(number: number, maskLow = -1, maskHigh = -1, effect = NOTHING): void {
    const { state } = this.#parts;
    const slot = csrSlot(number);
    this.#rows[number] = {
      read: () => this.#set(state.low(slot), state.high(slot)),
      write: (low, high) => {
        state.set(slot, low & maskLow, high & maskHigh);
        return effect;
      },
    };
  }

  #set(low: number, high: number): void {
    this.low = low;
    this.high = high;
  }

  #setBig(value: bigint): void {
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(BigInt.asIntN(32, value >> 32n));
  }

  #constant(number: number, low: number, high = 0): void {
    this.#rows[number] = { read: () => this.#set(low, high) };
  }

  #defineUser(): void {
    const { state, timer, cycles, retired } = this.#parts;
    const floatOn = (): boolean => (state.mstatus & MSTATUS_FS) !== 0;
    const dirty = (): number => {
      state.mstatus |= MSTATUS_FS;
      return NOTHING;
    };
    this.#rows[CSR.fflags] = {
      permitted: floatOn,
      read: () => this.#set(state.fflags, 0),
      write: (low) => {
        state.fflags = low & 0x1f;
        return dirty();
      },
    };
    this.#rows[CSR.frm] = {
      permitted: floatOn,
      read: () => this.#set(state.frm, 0),
      write: (low) => {
        state.frm = low & 7;
        return dirty();
      },
    };
    this.#rows[CSR.fcsr] = {
      permitted: floatOn,
      read: () => this.#set(state.fflags | (state.frm << 5), 0),
      write: (low) => {
        state.fflags = low & 0x1f;
        state.frm = (low >> 5) & 7;
        return dirty();
      },
    };
    const counter = (bit: number) => (): boolean => this.#counterEnabled(bit);
    this.#rows[CSR.cycle] = { permitted: counter(0), read: () => this.#setBig(cycles.value) };
    this.#rows[CSR.time] = {
      permitted: counter(1),
      read: () => {
        const { ticks } = timer;
        this.#set(ticks | 0, Math.floor(ticks / 0x1_0000_0000));
      },
    };
    this.#rows[CSR.instret] = { permitted: counter(2), read: () => this.#setBig(retired.value) };
    for (let index = 3; index < 32; index += 1) {
      this.#rows[CSR.cycle + index] = { permitted: counter(index), read: () => {} };
    }
  }

  /** mcounteren and scounteren let lower privileges read a counter. */
  #counterEnabled(bit: number): boolean {
    const { state } = this.#parts;
    if (state.privilege === MACHINE) return true;
    if (((state.low(csrSlot(CSR.mcounteren)) >>> bit) & 1) === 0) return false;
    return state.privilege === SUPERVISOR || ((state.low(csrSlot(CSR.scounteren)) >>> bit) & 1) !== 0;
  }

  #defineSupervisor(): void {
    const { state, interrupts, timer } = this.#parts;
    this.#rows[CSR.sstatus] = {
      read: () => {
        const bits = state.mstatus;
        this.#set(bits & SSTATUS_MASK, STATUS_UXL_HIGH | dirtySign(bits));
      },
      write: (low) => this.#writeStatus((state.mstatus & ~SSTATUS_MASK) | (low & SSTATUS_MASK)),
    };
    this.#rows[CSR.sie] = {
      read: () => this.#set(interrupts.enabled & interrupts.delegated, 0),
      write: (low) => {
        interrupts.enabled = (interrupts.enabled & ~interrupts.delegated) | (low & interrupts.delegated);
        return INTERRUPTS;
      },
    };
    this.#rows[CSR.sip] = {
      read: () => this.#set(interrupts.pending & interrupts.delegated, 0),
      write: (low) => {
        const mask = SSIP & interrupts.delegated;
        interrupts.setSoftware(mask, low);
        return INTERRUPTS;
      },
    };
    this.#trapVector(CSR.stvec);
    this.#value(CSR.scounteren, COUNTERS, 0);
    this.#value(CSR.senvcfg, ENVCFG_LOW, 0);
    this.#value(CSR.sscratch);
    this.#value(CSR.sepc, ~1);
    this.#value(CSR.scause);
    this.#value(CSR.stval);
    this.#rows[CSR.stimecmp] = {
      permitted: () => this.#timerComparator(),
      read: () => this.#setBig(timer.compare),
      write: (low, high) => {
        timer.compare = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        return INTERRUPTS | DEADLINE;
      },
    };
    this.#rows[CSR.satp] = {
      permitted: () => state.privilege !== SUPERVISOR || (state.mstatus & MSTATUS_TVM) === 0,
      read: () => this.#set(state.satpLow, state.satpHigh),
      write: (low, high) => {
        // A write with an unsupported mode has no effect at all (section 12.1.11).
        if (!SATP_MODES.includes(high >>> 28) || (low === state.satpLow && high === state.satpHigh)) return NOTHING;
        state.set(STATE_SATP, low, high);
        return TRANSLATION;
      },
    };
  }

  /** stimecmp exists with menvcfg.STCE, below M-mode also only with mcounteren.TM (Sstc). */
  #timerComparator(): boolean {
    const { state } = this.#parts;
    if (state.privilege === MACHINE) return true;
    return state.timerComparator && (state.low(csrSlot(CSR.mcounteren)) & 2) !== 0;
  }

  /** Direct and vectored mode; other modes are not taken over. */
  #trapVector(number: number): void {
    this.#value(number);
    const { state } = this.#parts;
    const slot = csrSlot(number);
    this.#rows[number] = {
      read: () => this.#set(state.low(slot), state.high(slot)),
      write: (low, high) => {
        state.set(slot, (low & 2) === 0 ? low : (low & ~3) | (state.low(slot) & 3), high);
        return NOTHING;
      },
    };
  }

  #writeStatus(next: number): number {
    const { state } = this.#parts;
    const before = state.mstatus;
    // MPP = 2 is reserved: the old value stays.
    let bits = next;
    if ((bits & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT === 2) bits = (bits & ~MSTATUS_MPP) | (before & MSTATUS_MPP);
    state.mstatus = bits;
    const changed = bits ^ before;
    const translation =
      (changed & (MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR)) !== 0 ? TRANSLATION : NOTHING;
    return translation | ((changed & (MSTATUS_SIE | MSTATUS_MIE)) !== 0 ? INTERRUPTS : NOTHING);
  }

  #defineMachine(): void {
    const { hartId, state, interrupts, cycles, retired } = this.#parts;
    this.#rows[CSR.mstatus] = {
      read: () => this.#set(state.mstatus, STATUS_UXL_HIGH | STATUS_SXL_HIGH | dirtySign(state.mstatus)),
      write: (low) => this.#writeStatus((state.mstatus & ~MSTATUS_MASK) | (low & MSTATUS_MASK)),
    };
    this.#constant(CSR.misa, MISA_LOW, MISA_MXL_64_HIGH);
    this.#value(CSR.medeleg, DELEGATABLE, 0);
    this.#rows[CSR.mideleg] = {
      read: () => this.#set(interrupts.delegated, 0),
      write: (low) => {
        interrupts.delegated = low & SUPERVISOR_INTERRUPTS;
        return INTERRUPTS;
      },
    };
    this.#rows[CSR.mie] = {
      read: () => this.#set(interrupts.enabled, 0),
      write: (low) => {
        interrupts.enabled = low & ALL_INTERRUPTS;
        return INTERRUPTS;
      },
    };
    this.#rows[CSR.mip] = {
      read: () => this.#set(interrupts.pending, 0),
      write: (low) => this.#writePending(low),
    };
    this.#trapVector(CSR.mtvec);
    this.#value(CSR.mcounteren, COUNTERS, 0);
    this.#value(CSR.mscratch);
    this.#value(CSR.mepc, ~1);
    this.#value(CSR.mcause);
    this.#value(CSR.mtval);
    this.#defineEnvironment();
    this.#rows[CSR.mcountinhibit] = {
      read: () => this.#set((cycles.inhibited ? 1 : 0) | (retired.inhibited ? 4 : 0), 0),
      write: (low) => {
        cycles.inhibited = (low & 1) !== 0;
        retired.inhibited = (low & 4) !== 0;
        return NOTHING;
      },
    };
    for (const [number, counter] of [
      [CSR.mcycle, cycles],
      [CSR.minstret, retired],
    ] as const) {
      this.#rows[number] = {
        read: () => this.#setBig(counter.value),
        write: (low, high) => {
          counter.value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
          return NOTHING;
        },
      };
    }
    // The other counters exist and count nothing (section 3.1.10).
    for (let index = 3; index < 32; index += 1) {
      this.#constant(CSR.mcycle + index, 0);
      this.#constant(CSR.mcountinhibit + index, 0);
    }
    for (const number of [CSR.mvendorid, CSR.marchid, CSR.mimpid, CSR.mconfigptr]) this.#constant(number, 0);
    this.#constant(CSR.mhartid, hartId);
  }

  /** Bits of mip that software sets. With Sstc on, STIP is the comparator and cannot be written. */
  get #softwareInterrupts(): number {
    return SSIP | SEIP | (this.#parts.state.timerComparator ? 0 : STIP);
  }

  #writePending(low: number): number {
    const { interrupts } = this.#parts;
    const mask = this.#softwareInterrupts;
    interrupts.setSoftware(mask, low);
    return INTERRUPTS;
  }

  #defineEnvironment(): void {
    const { state } = this.#parts;
    const highMask = ENVCFG_ADUE_HIGH | ENVCFG_PBMTE_HIGH | ENVCFG_STCE_HIGH;
    this.#value(CSR.menvcfg, ENVCFG_LOW, highMask);
    const slot = csrSlot(CSR.menvcfg);
    this.#rows[CSR.menvcfg] = {
      read: () => this.#set(state.low(slot), state.high(slot)),
      write: (low, high) => {
        state.set(slot, low & ENVCFG_LOW, high & highMask);
        this.#parts.mmu.flush();
        return TRANSLATION | INTERRUPTS | DEADLINE;
      },
    };
  }

  /** Smaia and Ssaia (Advanced Interrupt Architecture 1.0, chapters 2, 3 and 5). */
  #defineAdvancedInterrupts({ machine, supervisor }: InterruptWindows): void {
    const { interrupts } = this.#parts;
    this.#defineWindow(machine, CSR.miselect, CSR.mireg, CSR.mtopei);
    this.#defineWindow(supervisor, CSR.siselect, CSR.sireg, CSR.stopei);
    const top = (level: 'machine' | 'supervisor') => (): void => {
      const cause = interrupts.top(level);
      // Priorities cannot be configured, so that of whatever is reported may be 1 (sections 5.2.3 and 5.4.3).
      this.#set(cause < 0 ? 0 : (cause << TOP_IDENTITY_SHIFT) | 1, 0);
    };
    this.#rows[CSR.mtopi] = { read: top('machine') };
    this.#rows[CSR.stopi] = { read: top('supervisor') };
    // What section 5.3 asks for at least: no virtual interrupts, and the bits of mip that software sets.
    this.#constant(CSR.mvien, 0);
    this.#rows[CSR.mvip] = {
      read: () => this.#set(interrupts.software & this.#softwareInterrupts, 0),
      write: (low) => this.#writePending(low),
    };
  }

  #defineWindow(window: InterruptWindow, select: number, value: number, top: number): void {
    this.#rows[select] = {
      read: () => this.#set(window.select, 0),
      write: (low) => {
        window.select = low;
        return NOTHING;
      },
    };
    this.#rows[value] = {
      permitted: () => window.selectsRegister,
      read: () => this.#set(window.low, window.high),
      write: (low, high) => {
        window.write(low, high);
        return INTERRUPTS;
      },
    };
    this.#rows[top] = {
      permitted: () => window.file !== undefined,
      read: () => this.#set(window.top, 0),
      take: () => {
        this.#set(window.claim(), 0);
        return INTERRUPTS;
      },
    };
  }

  #defineProtection(): void {
    const { pmp } = this.#parts.mmu;
    for (let group = 0; group < 16; group += 2) {
      this.#rows[0x3a0 + group] = {
        read: () => {
          let value = 0n;
          for (let entry = 7; entry >= 0; entry -= 1)
            value = (value << 8n) | BigInt(pmp.readConfiguration(group * 4 + entry));
          this.#setBig(value);
        },
        write: (low, high) => {
          for (let entry = 0; entry < 8; entry += 1) {
            pmp.writeConfiguration(group * 4 + entry, ((entry < 4 ? low : high) >>> ((entry & 3) * 8)) & 0xff);
          }
          return TRANSLATION;
        },
      };
    }
    for (let entry = 0; entry < 64; entry += 1) {
      this.#rows[0x3b0 + entry] = {
        read: () => this.#setBig(pmp.readAddress(entry)),
        write: (low, high) => {
          pmp.writeAddress(entry, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
          return TRANSLATION;
        },
      };
    }
  }
}

/** SD: bit 63, set while FS is dirty. */
const dirtySign = (mstatus: number): number => ((mstatus & MSTATUS_FS) === MSTATUS_FS ? SIGN : 0);
