import { defineToken, type MachineMemory, type Token } from '@vivarium/contracts';

/** What an access wants: indexes the three kinds of fault. */
export const READ = 0;
export const WRITE = 1;
export const FETCH = 2;
export type Access = typeof READ | typeof WRITE | typeof FETCH;

/** Outcomes of {@link HartMmu.resolve} that are not an offset. */
export const PAGE_FAULT = -1;
export const ACCESS_FAULT = -2;
/** Not RAM: {@link HartMmu.physical} says which bus address. */
export const DEVICE = -3;

/** The hart's registers that steer translation, kept up to date by the core. Halves are signed 32-bit numbers. */
export interface TranslationControl {
  /** 0 user, 1 supervisor, 3 machine. */
  privilege: number;
  /** Low half of mstatus: MPP, MPRV, SUM, MXR. */
  mstatus: number;
  satpLow: number;
  satpHigh: number;
  /** menvcfg.ADUE: hardware updates A and D (Svadu); otherwise it page-faults (Svade). */
  hardwareAccessedDirty: boolean;
  /** menvcfg.PBMTE: Svpbmt is on. */
  pageBasedMemoryTypes: boolean;
}

/** Bytes of a TLB entry: see {@link TlbGeometry}. */
export const TLB_ENTRY_BYTES = 16;

/**
 * How the core looks up a translation inline. Each TLB is a direct-mapped array of 16-byte entries in linear memory:
 * at 0 the tag (u64: the virtual page address, plus the context in its low 12 bits; 0 is never a context), at 8 the
 * payload (u32). Entry index = bits [12 + log2(entries) − 1 : 12] of the virtual address. A read or write entry's
 * payload is what to add to the low 32 bits of the virtual address, modulo 2^32, to get the offset in linear memory; a
 * fetch entry's payload is the core's own.
 */
export interface TlbGeometry {
  /** A power of two. */
  readonly entries: number;
}

/** Physical memory protection, as the CSRs see it (Privileged Architecture, section 3.7). 16 entries. */
export interface Pmp {
  /** pmpcfg byte of entry 0…15. */
  readConfiguration(entry: number): number;
  /** WARL and locked entries are dealt with here. */
  writeConfiguration(entry: number, value: number): void;
  readAddress(entry: number): bigint;
  writeAddress(entry: number, value: bigint): void;
  reset(): void;
}

/** Offsets in linear memory of the TLBs of a regime. */
export interface TlbSet {
  readonly read: number;
  readonly write: number;
  readonly fetch: number;
}

/** Translation for one hart. All calls are hot: they return numbers and never throw. */
export interface HartMmu {
  readonly tlb: TlbGeometry;
  readonly pmp: Pmp;
  /** Offsets in linear memory of the TLBs that serve the present privilege and mstatus; set by `select`. */
  readonly readTlb: number;
  readonly writeTlb: number;
  readonly fetchTlb: number;
  /** What tags carry in the present regime, 1…4095: a number for the translations that are in force. */
  readonly context: number;
  /** The context of the user regime, which changes with the address space, and of both supervisor regimes. */
  readonly userContext: number;
  readonly supervisorContext: number;
  /**
   * The TLBs of S and U mode while mstatus.MXR is 0, by privilege + mstatus.SUM for S-mode: user, supervisor,
   * supervisor with SUM. Translated code changes between them by itself; `resolve` and `enterFetch` look at the state.
   */
  readonly regimes: readonly TlbSet[];
  /** Call after privilege, mstatus, satp or menvcfg changed. */
  select(): void;
  /**
   * Translates and checks one access that lies within a page. For RAM it gives the offset in linear memory and, where
   * the whole page allows it, enters the translation into the TLB (never for FETCH: see `enterFetch`). Otherwise
   * PAGE_FAULT, ACCESS_FAULT or DEVICE.
   */
  resolve(low: number, high: number, bytes: number, access: Access): number;
  /** Guest-physical address of the last `resolve` that did not fault. */
  readonly physical: number;
  /** True when the page of the last successful FETCH `resolve` may be executed as a whole. */
  readonly uniform: boolean;
  /** Enters the core's payload for the page of a virtual address into the present fetch TLB. */
  enterFetch(low: number, high: number, payload: number): void;
  /** Forgets everything; then call `select`. */
  flush(): void;
  /** Forgets one address space by its ASID; then call `select`. */
  flushSpace(asid: number): void;
  /** Forgets the page of one virtual address (and larger pages around it) in every address space; then call `select`. */
  flushPage(low: number, high: number): void;
  /** Forgets write translations only, after a page was marked as code or dirty tracking began. */
  flushWrites(): void;
  /** Forgets fetch translations only, so that the core looks at the pages of its code again. */
  flushFetches(): void;
  /** Where its registers and TLBs lie in linear memory, for a core that runs harts on threads. */
  readonly place?: number;
  /** Another thread changed the registers of protection or translation; then call `select`. Present with `place`. */
  reload?(): void;
}

/** Pages whose stores must reach the core: it says so when asked. */
export interface CodePages {
  /** True when the page of RAM at this guest-physical address holds translated code. */
  has(physical: number): boolean;
  /** The MMU itself wrote `bytes` there. */
  changed(physical: number, bytes: number): void;
}

/** Which guest pages were written; for snapshots and migration. */
export interface DirtyLog {
  start(): void;
  stop(): void;
  /** Calls `page` with the guest-physical base of each 4 KiB page written since the last call, in ascending order. */
  collect(page: (base: number) => void): void;
}

/** How a hart's thread gets an MMU like the machine's: a module to import there, and what to tell it. */
export interface RiscvMmuData {
  /** URL of a module that is a {@link RiscvMmuThread}. */
  readonly module: string;
  readonly tlbEntries: number;
}

/** Exports of the module that {@link RiscvMmuData} names. */
export interface RiscvMmuThread {
  /** `memory.carve` gives what `HartMmu.place` says on the thread of the cell. */
  openMmu(memory: MachineMemory, data: RiscvMmuData): RiscvMmu;
}

/** The MMU of a RISC-V machine. */
export interface RiscvMmu {
  /** Absent: its harts cannot run on threads of their own. */
  readonly thread?: RiscvMmuData;
  readonly memory: MachineMemory;
  readonly dirty: DirtyLog;
  /** Makes the translation of one hart. Only during set-up. */
  createHart(control: TranslationControl, code: CodePages): HartMmu;
}

export const RiscvMmuToken: Token<RiscvMmu> = defineToken('vivarium/riscv-mmu', 1);
