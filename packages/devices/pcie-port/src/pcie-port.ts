import type { PciAttachment, PciBar, PciBridge, PciFunction, PciSlot, PciTarget } from '@vivarium/contracts';
import {
  CAPABILITY_EXPRESS,
  COMMAND_MASTER,
  COMMAND_MEMORY,
  decode,
  Endpoint,
  readBytes,
  writeBytes,
} from '@vivarium/pci';
import { errors } from './errors.ts';
import * as r from './registers.ts';
import { SlotRegisters } from './slot-registers.ts';

/** As QEMU's generic root port. */
const IDENTITY = { vendorId: 0x1b36, deviceId: 0x000c, classCode: 0x06_0400, headerType: 1 } as const;
const MSIX_BAR = 0;

/** How {@link PciePort} is made. */
export interface PciePortParts {
  /** Of the slot, for the guest to tell slots apart: 1 to 8191. */
  readonly number: number;
  /** A listener threw; the guest goes on. */
  readonly listenerFailed?: (error: unknown) => void;
}

/** A function in the slot, with its wires. */
interface Occupant {
  readonly subject: PciFunction;
  level: boolean;
}

/**
 * A root port (PCI Express Base 5.0, sections 6.7, 7.5.1.3 and 7.5.3): a bridge to a bus with one slot, which takes a
 * function while the machine runs.
 */
export class PciePort implements PciFunction, PciBridge, PciSlot {
  readonly bridge: PciBridge = this;
  readonly #number: number;
  readonly #listenerFailed: (error: unknown) => void;
  readonly #endpoint: Endpoint;
  readonly #slot: SlotRegisters;
  /** What is different from a type 0 header, by offset in configuration space. */
  readonly #header = new DataView(new ArrayBuffer(0x40));
  #attachment: PciAttachment | undefined;
  #occupant: Occupant | undefined;
  /** The guest reaches what is in the slot. */
  #linked = false;
  #released = false;
  #wanted = false;
  #ownLevel = false;
  #listeners: readonly (() => void)[] = [];

  constructor({ number, listenerFailed = () => {} }: PciePortParts) {
    this.#number = number;
    this.#listenerFailed = listenerFailed;
    this.#slot = new SlotRegisters(number, {
      changed: () => this.#settle(),
      interrupt: (level) => this.#interrupt(level),
    });
    const slot = this.#slot;
    this.#endpoint = new Endpoint({
      identity: IDENTITY,
      capabilities: [
        {
          id: CAPABILITY_EXPRESS,
          body: slot.body,
          window: {
            read: (offset, width) => slot.read(offset + 2, width),
            write: (offset, width, value) => slot.write(offset + 2, width, value),
          },
        },
      ],
      msix: { bar: MSIX_BAR, vectors: 1 },
    });
  }

  get bars(): readonly PciBar[] {
    return this.#endpoint.bars;
  }

  barBase(index: number): number | undefined {
    return this.#endpoint.barBase(index);
  }

  attach(attachment: PciAttachment): void {
    this.#attachment = attachment;
    this.#endpoint.attach({
      interrupt: {
        set: (level) => {
          this.#ownLevel = level;
          this.#drive();
        },
      },
      message: (address, data) => attachment.message(address, data),
    });
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    if (offset >= r.HEADER_BEGIN && offset < r.HEADER_END) return readBytes(this.#header, offset, width);
    const value = this.#endpoint.readConfig(offset, width);
    // The two high bytes of the last word of the header.
    if (offset + width <= r.BRIDGE_CONTROL || offset >= r.BRIDGE_CONTROL + 2) return value;
    return width === 4
      ? (value & 0xffff) + readBytes(this.#header, r.BRIDGE_CONTROL, 2) * 0x1_0000
      : readBytes(this.#header, offset, width);
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    const before = this.#header.getUint16(r.BRIDGE_CONTROL, true);
    writeBytes(offset, width, value, (at, byte) => this.#writeHeader(at, byte));
    const rises = this.#header.getUint16(r.BRIDGE_CONTROL, true) & ~before;
    if ((rises & r.BRIDGE_CONTROL_RESET) !== 0) this.#occupant?.subject.reset();
    if (offset >= r.HEADER_BEGIN && offset < r.HEADER_END) return;
    this.#endpoint.writeConfig(offset, width, value);
  }

  /** Power-on: what is in the slot is there from the start, and nobody has been asked for anything. */
  reset(): void {
    for (let at = 0; at < this.#header.byteLength; at++) this.#header.setUint8(at, 0);
    this.#occupant?.subject.reset();
    this.#released = false;
    this.#linked = this.occupied;
    this.#slot.reset(this.occupied);
    this.#endpoint.reset();
  }

  function(bus: number, device: number): PciFunction | undefined {
    const secondary = this.#header.getUint8(r.SECONDARY_BUS);
    const subject = this.#linked ? this.#occupant?.subject : undefined;
    if (subject === undefined || secondary === 0 || bus < secondary) return undefined;
    if (bus > this.#header.getUint8(r.SUBORDINATE_BUS)) return undefined;
    // A link has one device at its other end (section 7.3.1).
    if (bus === secondary) return device === 0 ? subject : undefined;
    return subject.bridge?.function(bus, device);
  }

  target(kind: PciBar['kind'], address: number, width: number): PciTarget | undefined {
    const subject = this.#linked ? this.#occupant?.subject : undefined;
    // There is no window for I/O, which a port need not have.
    if (subject === undefined || kind !== 'memory' || (this.#endpoint.command & COMMAND_MEMORY) === 0) return undefined;
    const base = this.#window(r.MEMORY_BASE);
    const limit = this.#window(r.MEMORY_LIMIT) + r.WINDOW_REST;
    return address >= base && address + width - 1 <= limit ? decode([subject], kind, address, width) : undefined;
  }

  get occupied(): boolean {
    return this.#occupant !== undefined;
  }

  get released(): boolean {
    return this.#released;
  }

  plug(subject: PciFunction): () => void {
    if (this.#occupant !== undefined) {
      throw errors.make('VIV_PCIE_SLOT_TAKEN', `slot ${this.#number} has a function in it`);
    }
    const occupant: Occupant = { subject, level: false };
    this.#occupant = occupant;
    subject.attach({
      interrupt: {
        set: (level) => {
          occupant.level = level;
          this.#drive();
        },
      },
      message: (address, data) => {
        const passes = this.#occupant === occupant && this.#linked;
        if (passes && (this.#endpoint.command & COMMAND_MASTER) !== 0) this.#attachment?.message(address, data);
      },
    });
    subject.reset();
    this.#released = false;
    this.#settle();
    return () => {
      if (this.#occupant !== occupant) return;
      this.#occupant = undefined;
      this.#released = false;
      this.#settle();
      subject.reset();
    };
  }

  requestRelease(): void {
    if (this.occupied) this.#slot.press();
  }

  onRelease(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  /** Link and power follow what is in the slot and what the guest has set. */
  #settle(): void {
    const linked = this.occupied && this.#slot.enabled;
    const fell = this.#linked && !linked;
    this.#linked = linked;
    this.#slot.show(this.occupied, linked);
    // Without power, or a link, there is no state to come back to.
    if (fell) this.#occupant?.subject.reset();
    this.#drive();
    const released = this.occupied && !this.#slot.powered;
    const told = released && !this.#released;
    this.#released = released;
    if (told) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#listenerFailed(error);
      }
    }
  }

  /** A message for each time that an event comes to wait, a level while one does (section 6.7.3.4). */
  #interrupt(wanted: boolean): void {
    const rises = wanted && !this.#wanted;
    this.#wanted = wanted;
    // The registers are made before the endpoint.
    const endpoint = this.#endpoint as Endpoint | undefined;
    endpoint?.setInterrupt(wanted);
    if (rises) endpoint?.signal(0);
  }

  /** INTA# of the port and INTA# of device 0 behind it are one wire (section 2.2.8.1, table 2-21). */
  #drive(): void {
    const behind = this.#linked && this.#occupant?.level === true;
    this.#attachment?.interrupt.set(this.#ownLevel || behind);
  }

  #window(register: number): number {
    return (this.#header.getUint16(register, true) & r.WINDOW_MASK) * 2 ** r.WINDOW_SHIFT;
  }

  #writeHeader(at: number, byte: number): void {
    const writable = WRITABLE.get(at);
    if (writable !== undefined) this.#header.setUint8(at, byte & writable);
  }
}

/** Bytes of the header that a guest may write, and their bits. */
const WRITABLE: ReadonlyMap<number, number> = new Map([
  [r.PRIMARY_BUS, 0xff],
  [r.SECONDARY_BUS, 0xff],
  [r.SUBORDINATE_BUS, 0xff],
  [r.MEMORY_BASE, r.WINDOW_MASK & 0xff],
  [r.MEMORY_BASE + 1, 0xff],
  [r.MEMORY_LIMIT, r.WINDOW_MASK & 0xff],
  [r.MEMORY_LIMIT + 1, 0xff],
  [r.BRIDGE_CONTROL, r.BRIDGE_CONTROL_WRITABLE],
]);
