// Hot code: runs on each TLB miss, page-crossing access and device access.
import { BUS_FAULT, type SystemBus } from '@vivarium/contracts';
import { DEVICE, ExceptionCause, type HartMmu, PAGE_FAULT, READ, TLB_ENTRY_BYTES, WRITE } from '@vivarium/isa-riscv';
import { LOADS, type StopPoints, STORES, type WatchHit } from '../debug/stop-points.ts';
import type { CodeCache } from '../decode/code-cache.ts';
import type { PlainAccess } from '../emit/plain-access.ts';
import type { HartState } from '../state/hart-state.ts';
import { STATE_CONTEXT, STATE_WRITE_TLB } from '../state/layout.ts';
import type { Traps } from './traps.ts';

const PAGE = 4096;
/** The accesses of a bus. */
export type DeviceBus = Pick<SystemBus, 'read' | 'write' | 'read64' | 'write64'>;
const TRAPPED = 1;
const DONE = 0;

/** Loads and stores that generated code could not do by itself. */
export class MemoryPort {
  readonly #state: HartState;
  readonly #mmu: HartMmu;
  readonly #bus: DeviceBus;
  readonly #code: CodeCache;
  readonly #traps: Traps;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #deviceTouched: () => void;
  readonly #points: StopPoints;
  readonly #watchHit: (hit: WatchHit) => boolean;
  readonly #plain: () => PlainAccess;

  /**
   * `deviceTouched` is called after each device access, `watchHit` before one that a debugger watches; where it returns
   * true, the instruction is not executed now. `plain` is there once generated code is.
   */
  constructor(
    state: HartState,
    mmu: HartMmu,
    bus: DeviceBus,
    code: CodeCache,
    traps: Traps,
    buffer: ArrayBuffer | SharedArrayBuffer,
    deviceTouched: () => void,
    points: StopPoints,
    watchHit: (hit: WatchHit) => boolean,
    plain: () => PlainAccess,
  ) {
    this.#state = state;
    this.#mmu = mmu;
    this.#bus = bus;
    this.#code = code;
    this.#traps = traps;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#deviceTouched = deviceTouched;
    this.#points = points;
    this.#watchHit = watchHit;
    this.#plain = plain;
  }

  /** As the MMU's, but what is watched stays out of the TLBs, so that each access to it comes through here. */
  #resolve(low: number, high: number, bytes: number, access: typeof READ | typeof WRITE): number {
    const offset = this.#mmu.resolve(low, high, bytes, access);
    if (this.#points.watches && this.#points.watched(low, high)) {
      const place = this.#place(low);
      this.#view.setBigInt64(this.#mmu.readTlb + place, 0n, true);
      this.#view.setBigInt64(this.#mmu.writeTlb + place, 0n, true);
    }
    return offset;
  }

  /** Whether a debugger stops before an access, which then may not be made. `kinds` is a union of LOADS and STORES. */
  stopped(low: number, high: number, bytes: number, kinds: number): boolean {
    if (!this.#points.watches) return false;
    const hit = this.#points.touched(low, high, bytes, kinds);
    return hit !== undefined && this.#watchHit(hit);
  }

  load(kind: number): number {
    const bytes = 1 << (kind & 3);
    const state = this.#state;
    const low = state.addressLow;
    const high = state.addressHigh;
    if (this.stopped(low, high, bytes, LOADS)) return TRAPPED;
    const first = PAGE - (low & (PAGE - 1));
    if (first < bytes) return this.#loadAcross(low, high, bytes, first, (kind & 4) !== 0);
    const offset = this.#resolve(low, high, bytes, READ);
    if (offset >= 0) {
      this.#plain().take(offset, kind);
      return DONE;
    }
    if (offset !== DEVICE) return this.#fault(offset, READ, low, high);
    return this.#loadDevice(this.#mmu.physical, bytes, (kind & 4) !== 0, low, high);
  }

  /** STATE_VALUE = a value of 32 − `unused` bits. */
  #extend(value: number, unused: number, signed: boolean): void {
    const low = signed ? (value << unused) >> unused : value | 0;
    this.#state.setValue(low, signed ? low >> 31 : 0);
  }

  #loadAcross(low: number, high: number, bytes: number, first: number, signed: boolean): number {
    const nextLow = (low + first) | 0;
    const nextHigh = nextLow === 0 ? (high + 1) | 0 : high;
    const head = this.#resolve(low, high, first, READ);
    if (head < 0) return this.#fault(head, READ, low, high);
    const tail = this.#resolve(nextLow, nextHigh, bytes - first, READ);
    if (tail < 0) return this.#fault(tail, READ, nextLow, nextHigh);
    const value = [0, 0];
    for (let index = 0; index < bytes; index += 1) {
      const byte = this.#bytes[index < first ? head + index : tail + index - first];
      value[index >> 2] = value[index >> 2] | (byte << ((index & 3) * 8));
    }
    if (bytes === 8) this.#state.setValue(value[0], value[1]);
    else this.#extend(value[0], 32 - bytes * 8, signed);
    return DONE;
  }

  #loadDevice(physical: number, bytes: number, signed: boolean, low: number, high: number): number {
    let done: boolean;
    if (bytes === 8) {
      const value = this.#bus.read64(physical);
      done = value !== undefined;
      if (value !== undefined) {
        this.#state.setValue(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
      }
    } else {
      const value = this.#bus.read(physical, bytes as 1 | 2 | 4);
      done = value !== BUS_FAULT;
      if (done) this.#extend(value, 32 - bytes * 8, signed);
    }
    this.#deviceTouched();
    if (done) return DONE;
    this.#traps.exception(ExceptionCause.LoadAccessFault, low, high);
    return TRAPPED;
  }

  store(kind: number): number {
    const bytes = 1 << kind;
    const state = this.#state;
    const low = state.addressLow;
    const high = state.addressHigh;
    if (this.stopped(low, high, bytes, STORES)) return TRAPPED;
    const first = PAGE - (low & (PAGE - 1));
    if (first < bytes) return this.#storeAcross(low, high, bytes, first);
    const offset = this.#resolve(low, high, bytes, WRITE);
    if (offset >= 0) {
      this.#plain().put(offset, kind);
      this.changed(this.#mmu.physical, bytes);
      return DONE;
    }
    if (offset !== DEVICE) return this.#fault(offset, WRITE, low, high);
    const done =
      bytes === 8
        ? this.#bus.write64(this.#mmu.physical, (BigInt(state.valueHigh >>> 0) << 32n) | BigInt(state.valueLow >>> 0))
        : this.#bus.write(
            this.#mmu.physical,
            bytes as 1 | 2 | 4,
            bytes === 4 ? state.valueLow >>> 0 : state.valueLow & ((1 << (bytes * 8)) - 1),
          );
    this.#deviceTouched();
    if (done) return DONE;
    this.#traps.exception(ExceptionCause.StoreAccessFault, low, high);
    return TRAPPED;
  }

  #storeAcross(low: number, high: number, bytes: number, first: number): number {
    const nextLow = (low + first) | 0;
    const nextHigh = nextLow === 0 ? (high + 1) | 0 : high;
    const head = this.#resolve(low, high, first, WRITE);
    if (head < 0) return this.#fault(head, WRITE, low, high);
    const headPhysical = this.#mmu.physical;
    const tail = this.#resolve(nextLow, nextHigh, bytes - first, WRITE);
    if (tail < 0) return this.#fault(tail, WRITE, nextLow, nextHigh);
    const tailPhysical = this.#mmu.physical;
    const { valueLow, valueHigh } = this.#state;
    for (let index = 0; index < bytes; index += 1) {
      const byte = ((index < 4 ? valueLow : valueHigh) >>> ((index & 3) * 8)) & 0xff;
      this.#bytes[index < first ? head + index : tail + index - first] = byte;
    }
    this.changed(headPhysical, first);
    this.changed(tailPhysical, bytes - first);
    return DONE;
  }

  /** A store reached guest-physical bytes: drops what was decoded from them. */
  changed(physical: number, bytes: number): void {
    if (this.#code.has(physical)) this.#code.changed(physical, bytes);
  }

  /** Exception for an access that failed; a device where only RAM will do is an access fault. */
  #fault(outcome: number, access: typeof READ | typeof WRITE, low: number, high: number): number {
    const page = outcome === PAGE_FAULT;
    let cause: number = page ? ExceptionCause.LoadPageFault : ExceptionCause.LoadAccessFault;
    if (access === WRITE) cause = page ? ExceptionCause.StorePageFault : ExceptionCause.StoreAccessFault;
    this.#traps.exception(cause, low, high);
    return TRAPPED;
  }

  /** Offset of an atomic's operand, or −1 after a trap. Devices take no atomics. */
  resolveAtomic(low: number, high: number, bytes: number, access: typeof READ | typeof WRITE): number {
    const offset = this.#resolve(low, high, bytes, access);
    if (offset < 0) {
      this.#fault(offset, access, low, high);
      return -1;
    }
    return offset;
  }

  /** cbo.inval, cbo.clean, cbo.flush at STATE_ADDRESS: allowed where a load or a store is (Zicbom). */
  touch(low: number): number {
    const high = this.#state.addressHigh;
    const asLoad = this.#resolve(low, high, 1, READ);
    if (asLoad >= 0 || asLoad === DEVICE) return DONE;
    const asStore = this.#resolve(low, high, 1, WRITE);
    return asStore >= 0 || asStore === DEVICE ? DONE : this.#fault(asStore, WRITE, low, high);
  }

  /** cbo.zero: `bytes` of zeros from an aligned address. */
  zero(low: number, high: number, bytes: number): number {
    // Pages are cleared block by block: all but the first are in the TLB, and then they hold no code either.
    const known = this.#written(low, high);
    if (known >= 0) {
      this.#bytes.fill(0, known, known + bytes);
      return DONE;
    }
    if (this.stopped(low, high, bytes, STORES)) return TRAPPED;
    const offset = this.#resolve(low, high, bytes, WRITE);
    if (offset < 0) return this.#fault(offset, WRITE, this.#state.addressLow, this.#state.addressHigh);
    this.#bytes.fill(0, offset, offset + bytes);
    this.changed(this.#mmu.physical, bytes);
    return DONE;
  }

  /** Offset in linear memory of an address that the write TLB knows, else −1. */
  #written(low: number, high: number): number {
    const state = this.#state;
    const at = state.low(STATE_WRITE_TLB) + this.#place(low);
    const view = this.#view;
    if (view.getInt32(at, true) !== ((low & ~0xfff) | state.low(STATE_CONTEXT))) return -1;
    if (view.getInt32(at + 4, true) !== high) return -1;
    return (low + view.getInt32(at + 8, true)) >>> 0;
  }

  /** Where in a TLB the entry of an address is. */
  #place(low: number): number {
    return ((low >>> 12) & (this.#mmu.tlb.entries - 1)) * TLB_ENTRY_BYTES;
  }
}
