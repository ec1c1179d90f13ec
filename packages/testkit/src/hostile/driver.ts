import type { MmioRegion } from '@vivarium/contracts';
import type { RingPlace } from './driver-ring.ts';

export const Status = { acknowledge: 1, driver: 2, driverOk: 4, featuresOk: 8, needsReset: 64, failed: 128 } as const;
export const Feature = {
  indirect: 1n << 28n,
  eventIndex: 1n << 29n,
  version1: 1n << 32n,
  packed: 1n << 34n,
  inOrder: 1n << 35n,
} as const;

/** A driver's way to a device, whatever the transport. Nothing is checked: that is the device's business. */
export interface TransportDriver {
  readonly kind: 'mmio' | 'pci';
  status: number;
  /** Both pages. */
  offered(): bigint;
  accept(features: bigint): void;
  queueSizeMax(index: number): number;
  /** Size and addresses of a queue. */
  place(index: number, place: { readonly [Key in keyof RingPlace]: number | bigint }): void;
  /** Writes the ready register, and tells what it reads then. */
  enable(index: number, value?: number): number;
  notify(index: number): void;
  /** Interrupt causes: 1 used buffers, 2 configuration; reading or acknowledging takes them back. */
  takeInterrupts(): number;
  configByte(offset: number): number;
}

/** Register offsets of MMIO (Virtual I/O Device 1.3, section 4.2.2) that drivers use. */
export const Mmio = {
  magic: 0x0,
  version: 0x4,
  deviceId: 0x8,
  deviceFeatures: 0x10,
  deviceFeaturesSel: 0x14,
  driverFeatures: 0x20,
  driverFeaturesSel: 0x24,
  queueSel: 0x30,
  queueSizeMax: 0x34,
  queueSize: 0x38,
  queueReady: 0x44,
  queueNotify: 0x50,
  interruptStatus: 0x60,
  interruptAck: 0x64,
  status: 0x70,
  descriptors: 0x80,
  driver: 0x90,
  device: 0xa0,
  generation: 0xfc,
  config: 0x100,
} as const;

/** Drives a device over MMIO. */
export class MmioDriver implements TransportDriver {
  readonly kind = 'mmio';
  readonly region: MmioRegion;

  constructor(region: MmioRegion) {
    this.region = region;
  }

  read(offset: number): number {
    return this.region.read(offset, 4);
  }

  write(offset: number, value: number): void {
    this.region.write(offset, 4, value >>> 0);
  }

  get status(): number {
    return this.read(Mmio.status);
  }

  set status(value: number) {
    this.write(Mmio.status, value);
  }

  offered(): bigint {
    const page = (sel: number): bigint => {
      this.write(Mmio.deviceFeaturesSel, sel);
      return BigInt(this.read(Mmio.deviceFeatures));
    };
    return page(0) | (page(1) << 32n);
  }

  accept(features: bigint): void {
    for (const page of [0, 1]) {
      this.write(Mmio.driverFeaturesSel, page);
      this.write(Mmio.driverFeatures, Number(BigInt.asUintN(32, features >> BigInt(32 * page))));
    }
  }

  queueSizeMax(index: number): number {
    this.write(Mmio.queueSel, index);
    return this.read(Mmio.queueSizeMax);
  }

  place(index: number, place: { readonly [Key in keyof RingPlace]: number | bigint }): void {
    this.write(Mmio.queueSel, index);
    this.write(Mmio.queueSize, Number(place.size));
    for (const [offset, address] of [
      [Mmio.descriptors, place.descriptors],
      [Mmio.driver, place.driver],
      [Mmio.device, place.device],
    ] as const) {
      const value = BigInt(address);
      this.write(offset, Number(BigInt.asUintN(32, value)));
      this.write(offset + 4, Number(BigInt.asUintN(32, value >> 32n)));
    }
  }

  enable(index: number, value = 1): number {
    this.write(Mmio.queueSel, index);
    this.write(Mmio.queueReady, value);
    return this.read(Mmio.queueReady);
  }

  notify(index: number): void {
    this.write(Mmio.queueNotify, index);
  }

  takeInterrupts(): number {
    const causes = this.read(Mmio.interruptStatus);
    this.write(Mmio.interruptAck, causes);
    return causes;
  }

  configByte(offset: number): number {
    return this.region.read(Mmio.config + offset, 1);
  }
}
