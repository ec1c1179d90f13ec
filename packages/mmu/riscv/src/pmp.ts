// Hot code: `check` runs on each TLB miss and page-table access. Numbers only; ranges are worked out on CSR writes.
import { type Access, FETCH, type Pmp, READ } from '@vivarium/isa-riscv';

const ENTRIES = 16;
const READ_BIT = 1;
const WRITE_BIT = 2;
const EXECUTE_BIT = 4;
const MODE_SHIFT = 3;
const LOCK_BIT = 0x80;
const OFF = 0;
const TOR = 1;
const NA4 = 2;
/** pmpaddr holds address bits 55…2. */
const ADDRESS_MASK = (1n << 54n) - 1n;
const MACHINE = 3;

/** What a page allows as a whole. */
export const DENIED = 0;
export const ALLOWED = 1;
/** Entries split the page: each access must be checked by itself. */
export const MIXED = 2;

/**
 * Physical memory protection with 16 entries and a granule of 4 bytes
 * (Privileged Architecture, section 3.7).
 */
export class PhysicalMemoryProtection implements Pmp {
  /** Linear memory that the registers take. */
  static readonly BYTES = ENTRIES * 9;
  readonly #configuration: Uint8Array;
  readonly #address: BigUint64Array;
  readonly #start = new Float64Array(ENTRIES);
  readonly #end = new Float64Array(ENTRIES);
  /** Number of entries up to the last one that is on. */
  #active = 0;
  readonly #changed: () => void;

  /**
   * The registers are at `offset`, 8-aligned, so that threads can share them. `changed` is told when permissions may be
   * different, so that TLBs are flushed.
   */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, offset: number, changed: () => void) {
    this.#address = new BigUint64Array(buffer, offset, ENTRIES);
    this.#configuration = new Uint8Array(buffer, offset + ENTRIES * 8, ENTRIES);
    this.#changed = changed;
  }

  readConfiguration(entry: number): number {
    return this.#configuration[entry] ?? 0;
  }

  writeConfiguration(entry: number, value: number): void {
    if (entry >= ENTRIES || (this.readConfiguration(entry) & LOCK_BIT) !== 0) return;
    let next = value & 0x9f;
    // R=0 W=1 is reserved (WARL): W is dropped.
    if ((next & (READ_BIT | WRITE_BIT)) === WRITE_BIT) next &= ~WRITE_BIT;
    this.#configuration[entry] = next;
    this.#recompute();
  }

  readAddress(entry: number): bigint {
    return this.#address[entry] ?? 0n;
  }

  writeAddress(entry: number, value: bigint): void {
    if (entry >= ENTRIES || (this.readConfiguration(entry) & LOCK_BIT) !== 0) return;
    // A locked TOR entry also locks the address that is its lower bound.
    const above = this.readConfiguration(entry + 1);
    if ((above & LOCK_BIT) !== 0 && ((above >> MODE_SHIFT) & 3) === TOR) return;
    this.#address[entry] = value & ADDRESS_MASK;
    this.#recompute();
  }

  reset(): void {
    this.#configuration.fill(0);
    this.#address.fill(0n);
    this.#recompute();
  }

  /** Takes the registers as another thread left them. */
  reload(): void {
    this.#recompute();
  }

  #recompute(): void {
    this.#active = 0;
    for (let entry = 0; entry < ENTRIES; entry += 1) {
      const mode = (this.readConfiguration(entry) >> MODE_SHIFT) & 3;
      const address = this.readAddress(entry);
      let start = address << 2n;
      let end = start;
      if (mode === TOR) {
        end = start;
        start = entry === 0 ? 0n : this.readAddress(entry - 1) << 2n;
      } else if (mode === NA4) {
        end = start + 4n;
      } else if (mode !== OFF) {
        // NAPOT: the lowest zero bit of pmpaddr gives the size, 8 bytes and up.
        const ones = address ^ (address + 1n);
        start = (address & ~ones) << 2n;
        end = start + ((ones + 1n) << 2n);
      }
      // Beyond 2^53 there is no RAM and no device, so rounding there changes nothing.
      this.#start[entry] = Number(start);
      this.#end[entry] = Number(end);
      if (mode !== OFF) this.#active = entry + 1;
    }
    this.#changed();
  }

  #permits(entry: number, access: Access, privilege: number): boolean {
    const configuration = this.#configuration[entry];
    if (privilege === MACHINE && (configuration & LOCK_BIT) === 0) return true;
    const needed = access === READ ? READ_BIT : access === FETCH ? EXECUTE_BIT : READ_BIT | WRITE_BIT;
    return (configuration & needed) === needed;
  }

  /** Checks an access of `bytes` at a physical address: the lowest entry that matches any byte decides. */
  check(physical: number, bytes: number, access: Access, privilege: number): boolean {
    const end = physical + bytes;
    for (let entry = 0; entry < this.#active; entry += 1) {
      if ((this.#configuration[entry] & 0x18) === 0) continue;
      const entryStart = this.#start[entry];
      const entryEnd = this.#end[entry];
      if (physical >= entryEnd || end <= entryStart) continue;
      if (physical < entryStart || end > entryEnd) return false;
      return this.#permits(entry, access, privilege);
    }
    return privilege === MACHINE;
  }

  /** What the 4 KiB page at `page` allows: DENIED, ALLOWED, or MIXED when an entry covers only a part of it. */
  page(page: number, access: Access, privilege: number): number {
    const end = page + 4096;
    for (let entry = 0; entry < this.#active; entry += 1) {
      if ((this.#configuration[entry] & 0x18) === 0) continue;
      const entryStart = this.#start[entry];
      const entryEnd = this.#end[entry];
      if (page >= entryEnd || end <= entryStart) continue;
      if (page < entryStart || end > entryEnd) return MIXED;
      return this.#permits(entry, access, privilege) ? ALLOWED : DENIED;
    }
    return privilege === MACHINE ? ALLOWED : DENIED;
  }
}
