import type { AccessWidth, Device, DeviceTreeNode, InterruptLine, MmioRegion } from '@vivarium/contracts';
import { MachineTimer, type MachineTimerParts } from './machine-timer.ts';
import * as r from './registers.ts';
import { type AclintState, aclintStateCodec } from './state.ts';

/** What {@link Aclint} is made of. The lists are by hart. */
export interface AclintParts extends Omit<MachineTimerParts, 'targets'> {
  readonly msip: readonly InterruptLine[];
  readonly mtip: readonly InterruptLine[];
  /** Present with the SSWI device: the rising edge sets the hart's `ssip`. */
  readonly ssip?: readonly InterruptLine[];
  readonly deviceTree: DeviceTreeNode;
}

/** One half of a 64-bit register replaced. */
const withHalf = (whole: bigint, high: boolean, half: number): bigint =>
  high ? (BigInt(half) << 32n) | BigInt.asUintN(32, whole) : ((whole >> 32n) << 32n) | BigInt(half);

const halfOf = (whole: bigint, high: boolean): number => Number(BigInt.asUintN(32, high ? whole >> 32n : whole));

/** MTIMER, MSWI and, if wanted, SSWI. Registers are 32 or 64 bits wide; narrower accesses read 0 and do nothing. */
export class Aclint implements Device {
  readonly regions: readonly MmioRegion[];
  readonly deviceTree: DeviceTreeNode;
  readonly state = aclintStateCodec(this);
  readonly #harts: number;
  readonly #msipLines: readonly InterruptLine[];
  readonly #msip: Uint8Array;
  readonly #timer: MachineTimer;

  constructor(parts: AclintParts) {
    this.deviceTree = parts.deviceTree;
    this.#harts = parts.msip.length;
    this.#msipLines = parts.msip;
    this.#msip = new Uint8Array(this.#harts);
    this.#timer = new MachineTimer({ ...parts, targets: parts.mtip });
    const clint: MmioRegion = {
      name: 'clint',
      length: r.CLINT_LENGTH,
      read: (offset, width) => (width === 4 ? this.#read(offset) : 0),
      write: (offset, width, value) => {
        if (width === 4) this.#write(offset, value);
      },
      read64: (offset) => this.#read64(offset),
      write64: (offset, value) => this.#write64(offset, value),
    };
    this.regions = parts.ssip === undefined ? [clint] : [clint, sswiRegion(parts.ssip)];
  }

  reset(): void {
    this.#msip.fill(0);
    this.#driveMsip();
    this.#timer.reset();
  }

  /** Everything that a guest can see, as plain data. */
  capture(): AclintState {
    return { msip: [...this.#msip], mtimecmp: this.#timer.compares, mtime: this.#timer.time };
  }

  /** Takes over a state; false when it is of a machine with another number of harts. */
  adopt(state: AclintState): boolean {
    if (state.msip.length !== this.#harts || state.mtimecmp.length !== this.#harts) return false;
    this.#msip.set(state.msip);
    this.#driveMsip();
    this.#timer.adopt(state.mtime, state.mtimecmp);
    return true;
  }

  #read(offset: number): number {
    if (offset < r.MTIMECMP_BASE) return this.#msip[offset / r.MSIP_STRIDE] ?? 0;
    const high = offset % 8 !== 0;
    if (offset >= r.MTIME) return offset < r.MTIME + 8 ? halfOf(this.#timer.time, high) : 0;
    const hart = Math.floor((offset - r.MTIMECMP_BASE) / r.MTIMECMP_STRIDE);
    return hart < this.#harts ? halfOf(this.#timer.compare(hart), high) : 0;
  }

  #write(offset: number, value: number): void {
    if (offset < r.MTIMECMP_BASE) {
      this.#writeMsip(offset / r.MSIP_STRIDE, value);
      return;
    }
    const high = offset % 8 !== 0;
    if (offset >= r.MTIME) {
      if (offset < r.MTIME + 8) this.#timer.time = withHalf(this.#timer.time, high, value);
      return;
    }
    const hart = Math.floor((offset - r.MTIMECMP_BASE) / r.MTIMECMP_STRIDE);
    if (hart < this.#harts) this.#timer.setCompare(hart, withHalf(this.#timer.compare(hart), high, value));
  }

  #read64(offset: number): bigint {
    if (offset === r.MTIME) return this.#timer.time;
    const hart = (offset - r.MTIMECMP_BASE) / r.MTIMECMP_STRIDE;
    if (hart >= 0 && hart < this.#harts) return this.#timer.compare(hart);
    return BigInt(this.#read(offset)) | (BigInt(this.#read(offset + 4)) << 32n);
  }

  #write64(offset: number, value: bigint): void {
    const hart = (offset - r.MTIMECMP_BASE) / r.MTIMECMP_STRIDE;
    if (offset === r.MTIME) this.#timer.time = value;
    else if (hart >= 0 && hart < this.#harts) this.#timer.setCompare(hart, BigInt.asUintN(64, value));
    else {
      this.#write(offset, halfOf(value, false));
      this.#write(offset + 4, halfOf(value, true));
    }
  }

  #writeMsip(hart: number, value: number): void {
    if (hart >= this.#harts) return;
    this.#msip[hart] = value & 1;
    this.#msipLines[hart]?.set((value & 1) !== 0);
  }

  #driveMsip(): void {
    for (let hart = 0; hart < this.#harts; hart += 1) this.#msipLines[hart]?.set(this.#msip[hart] !== 0);
  }
}

/** SSWI keeps nothing: a write is an edge, and `ssip` itself lives in the hart (section 4.3). */
const sswiRegion = (ssip: readonly InterruptLine[]): MmioRegion => ({
  name: 'sswi',
  length: r.SSWI_LENGTH,
  read: () => 0,
  write: (offset: number, width: AccessWidth, value: number) => {
    if (width !== 4 || (value & 1) === 0) return;
    const line = ssip[offset / r.SETSSIP_STRIDE];
    line?.set(true);
    line?.set(false);
  },
});
