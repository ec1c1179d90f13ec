import type { GuestMemory } from '@vivarium/contracts';
import type { TranslationControl } from '@vivarium/isa-riscv';
import { MACHINE } from '../state/hart-state.ts';

/** Page-table entry (Privileged Architecture, figure "Sv39 page table entry"). */
const PTE_V = 1n << 0n;
const PTE_R = 1n << 1n;
const PTE_W = 1n << 2n;
const PTE_X = 1n << 3n;
const PTE_N = 1n << 63n;
const PTE_PPN_SHIFT = 10n;
const PPN_BITS = 44;

const PAGE_BITS = 12n;
const LEVEL_BITS = 9n;
/** satp.MODE: 8 is Sv39 with three levels, 9 Sv48, 10 Sv57. */
const BARE = 0;
const SV39 = 8;
const SV39_LEVELS = 3;
/** Svnapot: PPN[3:0] of a 64 KiB page. */
const NAPOT_64K = 8n;

const entryAt = (memory: GuestMemory, address: bigint): bigint | undefined => {
  const bytes = memory.read(Number(address), 8);
  return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
};

/** A physical address as guest memory takes it. */
const physicalNumber = (address: bigint): number | undefined =>
  address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : undefined;

/**
 * Where a guest-virtual address is mapped for the hart with these registers, for debuggers. Unlike the MMU's walk it
 * asks no permission (nor PMP), looks at neither accessed nor dirty bit, ignores mstatus.MPRV, and changes nothing.
 */
export const probePage = (memory: GuestMemory, control: TranslationControl, address: bigint): number | undefined => {
  const mode = control.privilege === MACHINE ? BARE : control.satpHigh >>> 28;
  if (mode === BARE) return physicalNumber(address);
  const levels = mode - SV39 + SV39_LEVELS;
  // Bits above the virtual address must equal its top bit.
  const bits = Number(PAGE_BITS) + levels * Number(LEVEL_BITS);
  if (BigInt.asUintN(64, BigInt.asIntN(bits, address)) !== address) return undefined;
  let table = (BigInt(control.satpHigh & 0xfff) << 32n) | BigInt(control.satpLow >>> 0);
  for (let level = BigInt(levels - 1); level >= 0n; level -= 1n) {
    const offsetBits = PAGE_BITS + level * LEVEL_BITS;
    const index = (address >> offsetBits) & ((1n << LEVEL_BITS) - 1n);
    const entry = entryAt(memory, (table << PAGE_BITS) + index * 8n);
    if (entry === undefined || (entry & PTE_V) === 0n || (entry & (PTE_R | PTE_W)) === PTE_W) return undefined;
    const page = BigInt.asUintN(PPN_BITS, entry >> PTE_PPN_SHIFT);
    if ((entry & (PTE_R | PTE_X)) !== 0n) return leaf(address, level, page, (entry & PTE_N) !== 0n);
    table = page;
  }
  return undefined;
};

const leaf = (address: bigint, level: bigint, page: bigint, contiguous: boolean): number | undefined => {
  let offsetBits = PAGE_BITS + level * LEVEL_BITS;
  let base = page << PAGE_BITS;
  if (contiguous) {
    if (level !== 0n || (page & 0xfn) !== NAPOT_64K) return undefined;
    offsetBits = 16n;
    base &= ~0xffffn;
  }
  const within = (1n << offsetBits) - 1n;
  // A large page that is not aligned to its size faults.
  return (base & within) === 0n ? physicalNumber(base | (address & within)) : undefined;
};
