// Hot: every device access of a guest comes through here. Reads like it: flat, no allocation, one try per call.
import {
  type AccessWidth,
  BUS_FAULT,
  type InterruptRoute,
  type MmioRegion,
  type Placement,
  type SystemBus,
} from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { FailureLog } from './failure-log.ts';

/** A device may reach the bus from within an access (a DMA engine, a bridge); chains longer than this are a loop. */
const MAX_DEPTH = 8;
const ALL_ONES_64 = 0xffff_ffff_ffff_ffffn;

interface Slot {
  readonly base: number;
  readonly length: number;
  readonly part: string;
  readonly region: MmioRegion;
}

const ABSENT: Slot = {
  base: 0,
  length: 0,
  part: '',
  region: { name: '', length: 0, read: () => 0, write: () => {} },
};

const allOnes = (width: AccessWidth): number => (width === 4 ? 0xffff_ffff : width === 2 ? 0xffff : 0xff);

/** The device side of the guest-physical address space; empty until {@link MachineBus.place}. */
export class MachineBus implements SystemBus {
  readonly #failures: FailureLog;
  #placements: readonly Placement[] = [];
  #interrupts: readonly InterruptRoute[] = [];
  /** By rising base, not overlapping. */
  #slots: readonly Slot[] = [];
  #last: Slot = ABSENT;
  #depth = 0;

  constructor(failures: FailureLog) {
    this.#failures = failures;
  }

  get placements(): readonly Placement[] {
    return this.#placements;
  }

  get interrupts(): readonly InterruptRoute[] {
    return this.#interrupts;
  }

  /** Fills the bus; the caller has checked that nothing overlaps. */
  place(placements: readonly Placement[], interrupts: readonly InterruptRoute[]): void {
    this.#placements = placements;
    this.#interrupts = interrupts;
    // Lengths are read once: a device that changes its mind cannot move.
    this.#slots = placements
      .map(({ part, region, base }) => ({ base, length: region.length, part, region }))
      .sort((a, b) => a.base - b.base);
    this.#last = ABSENT;
  }

  /** No device answers any more. */
  close(): void {
    this.place([], []);
  }

  read(address: number, width: AccessWidth): number {
    const slot = this.#find(address, width);
    return slot === undefined ? BUS_FAULT : this.#read(slot, address - slot.base, width);
  }

  write(address: number, width: AccessWidth, value: number): boolean {
    const slot = this.#find(address, width);
    if (slot === undefined) return false;
    this.#write(slot, address - slot.base, width, value);
    return true;
  }

  read64(address: number): bigint | undefined {
    const slot = this.#find(address, 8);
    if (slot === undefined) return undefined;
    const offset = address - slot.base;
    if (slot.region.read64 === undefined) {
      const low = this.#read(slot, offset, 4);
      const high = this.#read(slot, offset + 4, 4);
      return (BigInt(high) << 32n) | BigInt(low);
    }
    if (!this.#enter(slot, 'read64')) return ALL_ONES_64;
    try {
      const value: unknown = slot.region.read64(offset);
      if (typeof value === 'bigint' && value >= 0n && value <= ALL_ONES_64) return value;
      this.#nonsense(slot, 'read64', offset, value);
    } catch (error) {
      this.#threw(slot, 'read64', offset, error);
    } finally {
      this.#depth--;
    }
    return ALL_ONES_64;
  }

  write64(address: number, value: bigint): boolean {
    const slot = this.#find(address, 8);
    if (slot === undefined) return false;
    const offset = address - slot.base;
    const bits = BigInt.asUintN(64, value);
    if (slot.region.write64 === undefined) {
      this.#write(slot, offset, 4, Number(bits & 0xffff_ffffn));
      this.#write(slot, offset + 4, 4, Number(bits >> 32n));
      return true;
    }
    if (!this.#enter(slot, 'write64')) return true;
    try {
      slot.region.write64(offset, bits);
    } catch (error) {
      this.#threw(slot, 'write64', offset, error);
    } finally {
      this.#depth--;
    }
    return true;
  }

  /** The region that holds `size` bytes at `address`, aligned both in the address space and in the region. */
  #find(address: number, size: number): Slot | undefined {
    let slot = this.#last;
    let offset = address - slot.base;
    // NaN fails every comparison, so it ends as undefined.
    if (!(offset >= 0 && offset < slot.length)) {
      const found = this.#search(address);
      if (found === undefined) return undefined;
      slot = found;
      this.#last = found;
      offset = address - found.base;
    }
    if (offset > slot.length - size || !Number.isInteger(offset)) return undefined;
    // `&` takes the low 32 bits, which hold the low 3 of any address below 2^53 exactly.
    return ((address | offset) & (size - 1)) === 0 ? slot : undefined;
  }

  #search(address: number): Slot | undefined {
    const slots = this.#slots;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((slots[middle] ?? ABSENT).base <= address) low = middle + 1;
      else high = middle;
    }
    const slot = slots[low - 1];
    return slot !== undefined && address - slot.base < slot.length ? slot : undefined;
  }

  #read(slot: Slot, offset: number, width: AccessWidth): number {
    const ones = allOnes(width);
    if (!this.#enter(slot, 'read')) return ones;
    try {
      const value: unknown = slot.region.read(offset, width);
      // Equal only for whole numbers from 0 to all ones.
      if (typeof value === 'number' && (value & ones) >>> 0 === value) return value >>> 0;
      this.#nonsense(slot, `read of ${width} bytes`, offset, value);
    } catch (error) {
      this.#threw(slot, 'read', offset, error);
    } finally {
      this.#depth--;
    }
    return ones;
  }

  #write(slot: Slot, offset: number, width: AccessWidth, value: number): void {
    if (!this.#enter(slot, 'write')) return;
    try {
      slot.region.write(offset, width, (value & allOnes(width)) >>> 0);
    } catch (error) {
      this.#threw(slot, 'write', offset, error);
    } finally {
      this.#depth--;
    }
  }

  #enter(slot: Slot, access: string): boolean {
    if (this.#depth < MAX_DEPTH) {
      this.#depth++;
      return true;
    }
    this.#report(slot, `${access} comes from ${MAX_DEPTH} device accesses within each other`);
    return false;
  }

  #nonsense(slot: Slot, access: string, offset: number, value: unknown): void {
    const answer = typeof value === 'number' || typeof value === 'bigint' ? `${typeof value} ${value}` : typeof value;
    this.#report(slot, `${access} at offset 0x${offset.toString(16)} answered ${answer}`);
  }

  #threw(slot: Slot, access: string, offset: number, cause: unknown): void {
    this.#report(slot, `${access} at offset 0x${offset.toString(16)} threw`, cause);
  }

  #report({ part, region }: Slot, problem: string, cause?: unknown): void {
    this.#failures.reportOnce(part, 'bus', () =>
      errors.make('VIV_DEVICE_CONTRACT', `device of part "${part}", region "${region.name}": ${problem}`, {
        cause,
        details: { part, region: region.name },
      }),
    );
  }
}
