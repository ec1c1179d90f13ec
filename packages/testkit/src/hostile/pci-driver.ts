import type { PciFunction } from '@vivarium/contracts';
import type { TransportDriver } from './driver.ts';
import type { RingPlace } from './driver-ring.ts';

/** Common configuration (Virtual I/O Device 1.3, section 4.1.4.3): offset and width of each field that drivers use. */
export const Common = {
  deviceFeatureSelect: [0x00, 4],
  deviceFeature: [0x04, 4],
  driverFeatureSelect: [0x08, 4],
  driverFeature: [0x0c, 4],
  configVector: [0x10, 2],
  numQueues: [0x12, 2],
  status: [0x14, 1],
  generation: [0x15, 1],
  queueSelect: [0x16, 2],
  queueSize: [0x18, 2],
  queueVector: [0x1a, 2],
  queueEnable: [0x1c, 2],
  queueNotifyOff: [0x1e, 2],
  descriptors: [0x20, 4],
  driver: [0x28, 4],
  device: [0x30, 4],
} as const;

type Field = readonly [number, 1 | 2 | 4];

const CAPABILITY_VENDOR = 9;
const COMMAND = 4;
const BAR0 = 0x10;
const MEMORY_AND_MASTER = 6;

/** Where a capability says that something is: BAR and offset. */
interface Located {
  readonly bar: number;
  readonly offset: number;
  /** Of the capability itself, in configuration space. */
  readonly at: number;
}

/** Drives a device over PCI, finding its parts by the capabilities as any driver must. */
export class PciDriver implements TransportDriver {
  readonly kind = 'pci';
  readonly function: PciFunction;
  readonly #parts = new Map<number, Located>();
  readonly #multiplier: number;

  constructor(subject: PciFunction) {
    this.function = subject;
    for (const { index } of subject.bars) subject.writeConfig(BAR0 + 4 * index, 4, 0x4000_0000 + index * 0x1_0000);
    subject.writeConfig(COMMAND, 2, MEMORY_AND_MASTER);
    let multiplier = 0;
    for (let at = subject.readConfig(0x34, 1), steps = 0; at !== 0 && steps < 48; steps++) {
      if (subject.readConfig(at, 1) === CAPABILITY_VENDOR) {
        const kind = subject.readConfig(at + 3, 1);
        this.#parts.set(kind, { at, bar: subject.readConfig(at + 4, 1), offset: subject.readConfig(at + 8, 4) });
        if (kind === 2) multiplier = subject.readConfig(at + 16, 4);
      }
      at = subject.readConfig(at + 1, 1);
    }
    this.#multiplier = multiplier;
  }

  /** What kind `kind` (section 4.1.4) of capability says. */
  part(kind: number): Located {
    const found = this.#parts.get(kind);
    if (found === undefined) throw new RangeError(`the function has no virtio capability of kind ${kind}`);
    return found;
  }

  /** The region of BAR `index`. */
  region(index: number) {
    const bar = this.function.bars.find((each) => each.index === index);
    if (bar === undefined) throw new RangeError(`the function has no BAR ${index}`);
    return bar.region;
  }

  read([offset, width]: Field): number {
    const { bar, offset: base } = this.part(1);
    return this.region(bar).read(base + offset, width);
  }

  write([offset, width]: Field, value: number): void {
    const { bar, offset: base } = this.part(1);
    this.region(bar).write(base + offset, width, value >>> 0);
  }

  get status(): number {
    return this.read(Common.status);
  }

  set status(value: number) {
    this.write(Common.status, value & 0xff);
  }

  offered(): bigint {
    const page = (select: number): bigint => {
      this.write(Common.deviceFeatureSelect, select);
      return BigInt(this.read(Common.deviceFeature));
    };
    return page(0) | (page(1) << 32n);
  }

  accept(features: bigint): void {
    for (const page of [0, 1]) {
      this.write(Common.driverFeatureSelect, page);
      this.write(Common.driverFeature, Number(BigInt.asUintN(32, features >> BigInt(32 * page))));
    }
  }

  queueSizeMax(index: number): number {
    this.write(Common.queueSelect, index & 0xffff);
    return this.read(Common.queueSize);
  }

  place(index: number, place: { readonly [Key in keyof RingPlace]: number | bigint }): void {
    this.write(Common.queueSelect, index & 0xffff);
    this.write(Common.queueSize, Number(place.size) & 0xffff);
    for (const [[offset], address] of [
      [Common.descriptors, place.descriptors],
      [Common.driver, place.driver],
      [Common.device, place.device],
    ] as const) {
      const value = BigInt(address);
      this.write([offset, 4], Number(BigInt.asUintN(32, value)));
      this.write([offset + 4, 4], Number(BigInt.asUintN(32, value >> 32n)));
    }
  }

  enable(index: number, value = 1): number {
    this.write(Common.queueSelect, index & 0xffff);
    this.write(Common.queueEnable, value & 0xffff);
    return this.read(Common.queueEnable);
  }

  notify(index: number): void {
    const { bar, offset } = this.part(2);
    const region = this.region(bar);
    const at = offset + index * this.#multiplier;
    // The bus lets nothing past the end of a BAR.
    if (at + 4 <= region.length) region.write(at, 2, index & 0xffff);
  }

  takeInterrupts(): number {
    const { bar, offset } = this.part(3);
    return this.region(bar).read(offset, 1);
  }

  configByte(offset: number): number {
    const { bar, offset: base } = this.part(4);
    return this.region(bar).read(base + offset, 1);
  }
}
