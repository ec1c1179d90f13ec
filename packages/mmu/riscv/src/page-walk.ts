// Hot code: runs on each TLB miss. 64-bit quantities are two signed 32-bit halves or a double below 2^56.
import { ACCESS_FAULT, type Access, FETCH, PAGE_FAULT, READ, WRITE } from '@vivarium/isa-riscv';
import type { PhysicalMap } from './physical-map.ts';
import type { PhysicalMemoryProtection } from './pmp.ts';

/** Page-table entry, low half (Privileged Architecture, figure "Sv39 page table entry"). */
const PTE_V = 1 << 0;
const PTE_R = 1 << 1;
const PTE_W = 1 << 2;
const PTE_X = 1 << 3;
const PTE_U = 1 << 4;
const PTE_G = 1 << 5;
const PTE_A = 1 << 6;
const PTE_D = 1 << 7;
/** High half: bits 60…54 are reserved, 62…61 PBMT (Svpbmt), 63 N (Svnapot). */
const PTE_RESERVED_HIGH = 0x1fc00000;
const PTE_PBMT_HIGH = 0x60000000;
const PTE_N_HIGH = 1 << 31;

const PAGE = 4096;
/** The entry changed while it was looked at. */
const AGAIN = -4;
const SUPERVISOR = 1;
const USER = 0;

/** satp.MODE; Sv57 is 10, and other values cannot be written. */
export const BARE = 0;
const SV39 = 8;
const SV48 = 9;

/** What decides about a walk besides the address. */
export interface WalkContext {
  /** Effective privilege: 0 or 1. */
  readonly privilege: number;
  readonly sum: boolean;
  readonly mxr: boolean;
  readonly hardwareAccessedDirty: boolean;
  readonly pageBasedMemoryTypes: boolean;
}

/** Walks page tables in guest RAM (Privileged Architecture, section 12.3.2). */
export class PageWalk {
  /** Bytes that the leaf of the last successful walk maps: 4096, 64 KiB, 2 MiB, 1 GiB… */
  size = PAGE;
  /** Whether the last successful walk found a mapping that is the same in every address space. */
  global = false;
  readonly #map: PhysicalMap;
  readonly #pmp: PhysicalMemoryProtection;
  readonly #changed: (physical: number) => void;
  readonly #words: Int32Array;

  constructor(
    map: PhysicalMap,
    pmp: PhysicalMemoryProtection,
    changed: (physical: number) => void,
    buffer: ArrayBuffer | SharedArrayBuffer,
  ) {
    this.#map = map;
    this.#pmp = pmp;
    this.#changed = changed;
    this.#words = new Int32Array(buffer);
  }

  /** Physical address for a virtual one, or PAGE_FAULT or ACCESS_FAULT. `mode` is satp.MODE, `root` satp.PPN × 4096. */
  walk(low: number, high: number, access: Access, mode: number, root: number, context: WalkContext): number {
    // Bits above the virtual address must equal its top bit: bit 38, 47 or 56.
    const sign = high >> (mode === SV39 ? 6 : mode === SV48 ? 15 : 24);
    if (sign !== 0 && sign !== -1) return PAGE_FAULT;
    let table = root;
    this.global = false;
    for (let level = mode - SV39 + 2; level >= 0; level -= 1) {
      const physical = table + virtualPageNumber(low, high, level) * 8;
      const offset = this.#map.offset(physical, 8);
      if (offset < 0 || !this.#pmp.check(physical, 8, READ, SUPERVISOR)) return ACCESS_FAULT;
      // Another hart may be writing the entry: both halves are of one value when the first did not change meanwhile.
      let entryLow: number;
      let entryHigh: number;
      do {
        entryLow = Atomics.load(this.#words, offset >>> 2);
        entryHigh = Atomics.load(this.#words, (offset >>> 2) + 1);
      } while (Atomics.load(this.#words, offset >>> 2) !== entryLow);
      if (!wellFormed(entryLow, entryHigh, context)) return PAGE_FAULT;
      // A global pointer makes everything below it global.
      if ((entryLow & PTE_G) !== 0) this.global = true;
      const page = ((entryLow >>> 10) + (entryHigh & 0x3fffff) * 0x400000) * PAGE;
      if ((entryLow & (PTE_R | PTE_X)) === 0) {
        // A pointer: D, A, U, PBMT and N are reserved here.
        if ((entryLow & (PTE_D | PTE_A | PTE_U)) !== 0 || (entryHigh & (PTE_PBMT_HIGH | PTE_N_HIGH)) !== 0) {
          return PAGE_FAULT;
        }
        table = page;
        continue;
      }
      if (!permitted(entryLow, access, context)) return PAGE_FAULT;
      const found = this.#leaf(low, high, access, level, page, offset, physical, entryLow, entryHigh, context);
      if (found !== AGAIN) return found;
      table = root;
      level = mode - SV39 + 3;
      this.global = false;
    }
    return PAGE_FAULT;
  }

  #leaf(
    low: number,
    high: number,
    access: Access,
    level: number,
    page: number,
    offset: number,
    entryPhysical: number,
    entryLow: number,
    entryHigh: number,
    context: WalkContext,
  ): number {
    let size = PAGE * 512 ** level;
    if ((entryHigh & PTE_N_HIGH) !== 0) {
      // Svnapot: only 64 KiB, PPN[3:0] = 1000.
      if (level !== 0 || ((entryLow >>> 10) & 0xf) !== 8) return PAGE_FAULT;
      size = 0x10000;
    } else if (page % size !== 0) return PAGE_FAULT;
    const needed = access === WRITE ? PTE_A | PTE_D : PTE_A;
    if ((entryLow & needed) !== needed) {
      if (!context.hardwareAccessedDirty) return PAGE_FAULT;
      if (!this.#pmp.check(entryPhysical, 8, WRITE, SUPERVISOR)) return ACCESS_FAULT;
      // Another hart may have changed the entry since it was read: then the walk begins again.
      if (Atomics.compareExchange(this.#words, offset >>> 2, entryLow, entryLow | needed) !== entryLow) return AGAIN;
      this.#changed(entryPhysical);
    }
    this.size = size;
    const base = page - (page % size);
    return base + withinPage(low, high, size);
  }
}

/** Bits of the virtual address below a page size of 4 KiB × 512^n (or 64 KiB), as a number. */
const withinPage = (low: number, high: number, size: number): number =>
  size <= 0x40000000 ? (low & (size - 1)) >>> 0 : (low >>> 0) + (high & (size / 0x1_0000_0000 - 1)) * 0x1_0000_0000;

const virtualPageNumber = (low: number, high: number, level: number): number => {
  switch (level) {
    case 0:
      return (low >>> 12) & 0x1ff;
    case 1:
      return (low >>> 21) & 0x1ff;
    case 2:
      return ((low >>> 30) | (high << 2)) & 0x1ff;
    case 3:
      return (high >>> 7) & 0x1ff;
    default:
      return (high >>> 16) & 0x1ff;
  }
};

const wellFormed = (low: number, high: number, context: WalkContext): boolean => {
  if ((low & PTE_V) === 0 || (low & (PTE_R | PTE_W)) === PTE_W) return false;
  if ((high & PTE_RESERVED_HIGH) !== 0) return false;
  const type = high & PTE_PBMT_HIGH;
  return type === 0 || (context.pageBasedMemoryTypes && type !== PTE_PBMT_HIGH);
};

const permitted = (entry: number, access: Access, context: WalkContext): boolean => {
  if (context.privilege === USER) {
    if ((entry & PTE_U) === 0) return false;
  } else if ((entry & PTE_U) !== 0 && (access === FETCH || !context.sum)) return false;
  if (access === FETCH) return (entry & PTE_X) !== 0;
  if (access === WRITE) return (entry & PTE_W) !== 0;
  return (entry & PTE_R) !== 0 || (context.mxr && (entry & PTE_X) !== 0);
};
