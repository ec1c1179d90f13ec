import type { PciAttachment, PciBar, PciFunction } from '@vivarium/contracts';
import { writeBytes } from './bytes.ts';
import { MsixTable } from './msix-table.ts';
import * as r from './registers.ts';

/** What a function says it is. */
export interface PciIdentity {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly subsystemVendorId?: number;
  readonly subsystemId?: number;
  readonly revision?: number;
  /** Base class, subclass, programming interface: 24 bits. */
  readonly classCode: number;
  /** Layout of the header from 0x10 on: 0, the default, or 1 for a bridge, which answers for what is different there. */
  readonly headerType?: 0 | 1;
}

/** A capability: `body` follows its id and its next pointer. */
export interface PciCapability {
  readonly id: number;
  readonly body: Uint8Array;
  /** Takes reads and writes of the body, offsets from its start; without it the body is constant. */
  readonly window?: {
    read(offset: number, width: 1 | 2 | 4): number | undefined;
    write(offset: number, width: 1 | 2 | 4, value: number): void;
  };
}

export interface EndpointParts {
  readonly identity: PciIdentity;
  readonly bars?: readonly PciBar[];
  readonly capabilities?: readonly PciCapability[];
  /** Has INTA#. Default true. */
  readonly pin?: boolean;
  /** MSI-X in a BAR of its own. */
  readonly msix?: { readonly bar: number; readonly vectors: number };
}

interface PlacedCapability {
  readonly start: number;
  readonly capability: PciCapability;
}

/**
 * A function with a type 0 header (PCI Local Bus 3.0, section 6): identity, command and status, BARs, capabilities,
 * INTA# and MSI-X. Devices put their registers into BARs and call {@link Endpoint.setInterrupt} and
 * {@link Endpoint.signal}.
 */
export class Endpoint implements PciFunction {
  readonly bars: readonly PciBar[];
  readonly #identity: PciIdentity;
  readonly #pin: boolean;
  readonly #bytes = new DataView(new ArrayBuffer(r.CAPABILITIES_END));
  readonly #capabilities: readonly PlacedCapability[];
  readonly #msix: MsixTable | undefined;
  readonly #msixStart: number = 0;
  #attachment: PciAttachment | undefined;
  #level = false;
  #command = 0;
  readonly #bases = new Uint32Array(r.BARS);

  constructor({ identity, bars = [], capabilities = [], pin = true, msix }: EndpointParts) {
    this.#identity = identity;
    this.#pin = pin;
    this.#msix = msix === undefined ? undefined : new MsixTable(msix.vectors, (to, data) => this.#send(to, data));
    this.bars =
      msix === undefined || this.#msix === undefined
        ? bars
        : [...bars, { index: msix.bar, kind: 'memory', region: this.#msix.region }];
    const all =
      msix === undefined || this.#msix === undefined
        ? capabilities
        : [...capabilities, msixCapability(msix.bar, this.#msix.vectors)];
    let at = r.HEADER_END;
    this.#capabilities = all.map((capability) => {
      const placed = { start: at, capability };
      at += Math.ceil((capability.body.length + 2) / 4) * 4;
      return placed;
    });
    if (this.#msix !== undefined) this.#msixStart = this.#capabilities.at(-1)?.start ?? 0;
    this.#writeHeader();
  }

  /** Message-signalled interrupts are on: INTA# is not used. */
  get usesMessages(): boolean {
    return this.#msix?.enabled ?? false;
  }

  /** The command register. */
  get command(): number {
    return this.#command;
  }

  /** Drives INTA#. */
  setInterrupt(level: boolean): void {
    this.#level = level;
    this.#drive();
  }

  /** Sends MSI-X vector `vector`. */
  signal(vector: number): void {
    this.#msix?.signal(vector);
  }

  get vectors(): number {
    return this.#msix?.vectors ?? 0;
  }

  attach(attachment: PciAttachment): void {
    this.#attachment = attachment;
  }

  barBase(index: number): number | undefined {
    const bar = this.bars.find((each) => each.index === index);
    const needed = bar?.kind === 'io' ? r.COMMAND_IO : r.COMMAND_MEMORY;
    return bar === undefined || (this.#command & needed) === 0 ? undefined : (this.#bases[index] ?? 0);
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    if (offset + width > r.CAPABILITIES_END) return 0;
    const found = this.#at(offset);
    const windowed = found?.capability.window?.read(offset - found.start - 2, width);
    if (windowed !== undefined) return windowed;
    this.#bytes.setUint16(r.COMMAND, this.#command, true);
    const pending = this.#level && !this.usesMessages ? r.STATUS_INTERRUPT : 0;
    this.#bytes.setUint16(r.STATUS, (this.#capabilities.length > 0 ? r.STATUS_CAPABILITIES : 0) | pending, true);
    if (width === 1) return this.#bytes.getUint8(offset);
    return width === 2 ? this.#bytes.getUint16(offset, true) : this.#bytes.getUint32(offset, true);
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    const found = this.#at(offset);
    if (found !== undefined) {
      found.capability.window?.write(offset - found.start - 2, width, value);
      if (this.#msix !== undefined && found.start === this.#msixStart)
        this.#writeMsix(offset - found.start, width, value);
      return;
    }
    writeBytes(offset, width, value, (at, byte) => this.#writeByte(at, byte));
    if (offset >= r.BAR0 && offset < r.BAR0 + 4 * r.BARS) this.#settleBar((offset - r.BAR0) >> 2);
    this.#drive();
  }

  reset(): void {
    this.#command = 0;
    this.#bases.fill(0);
    for (let index = 0; index < r.BARS; index++) this.#settleBar(index);
    this.#bytes.setUint8(r.INTERRUPT_LINE, 0);
    this.#bytes.setUint8(r.CACHE_LINE_SIZE, 0);
    this.#msix?.reset();
    this.#bytes.setUint16(this.#msixStart + r.MSIX_CONTROL, this.#msixControl(0), true);
    this.#level = false;
    this.#attachment?.interrupt.set(false);
    this.#writeHeader();
  }

  #at(offset: number): PlacedCapability | undefined {
    return this.#capabilities.find(
      ({ start, capability }) => offset >= start + 2 && offset < start + 2 + capability.body.length,
    );
  }

  #drive(): void {
    const allowed = (this.#command & r.COMMAND_INTX_DISABLE) === 0 && !this.usesMessages;
    this.#attachment?.interrupt.set(this.#level && allowed);
  }

  #send(address: bigint, data: number): void {
    if ((this.#command & r.COMMAND_MASTER) !== 0) this.#attachment?.message(address, data);
  }

  #writeByte(offset: number, byte: number): void {
    switch (offset) {
      case r.COMMAND:
        this.#command = ((this.#command & 0xff00) | byte) & r.COMMAND_WRITABLE;
        break;
      case r.COMMAND + 1:
        this.#command = ((this.#command & 0xff) | (byte << 8)) & r.COMMAND_WRITABLE;
        break;
      case r.CACHE_LINE_SIZE:
      case r.INTERRUPT_LINE:
        this.#bytes.setUint8(offset, byte);
        break;
      default:
        if (offset >= r.BAR0 && offset < r.BAR0 + 4 * r.BARS) {
          const index = (offset - r.BAR0) >> 2;
          const shift = 8 * (offset & 3);
          this.#bases[index] = ((this.#bases[index] ?? 0) & ~(0xff << shift)) | (byte << shift);
        }
    }
  }

  /** Address bits below the size are fixed at 0: so a driver that writes all ones learns the size (section 6.2.5.1). */
  #settleBar(index: number): void {
    const bar = this.bars.find((each) => each.index === index);
    const base = bar === undefined ? 0 : ((this.#bases[index] ?? 0) & -bar.region.length) >>> 0;
    this.#bases[index] = base;
    this.#bytes.setUint32(r.BAR0 + 4 * index, (base | (bar?.kind === 'io' ? r.BAR_IO : 0)) >>> 0, true);
  }

  #msixControl(bits: number): number {
    return this.#msix === undefined
      ? this.#bytes.getUint16(this.#msixStart + r.MSIX_CONTROL, true)
      : (bits & (r.MSIX_ENABLE | r.MSIX_FUNCTION_MASK)) | (this.#msix.vectors - 1);
  }

  #writeMsix(offset: number, width: 1 | 2 | 4, value: number): void {
    // Message control is 2 bytes at 2; a wider or a single high byte write reaches the same bits.
    const control = this.#msixStart + r.MSIX_CONTROL;
    const bits =
      offset === r.MSIX_CONTROL && width >= 2
        ? value & 0xffff
        : offset === r.MSIX_CONTROL + 1 && width === 1
          ? (value << 8) & 0xffff
          : undefined;
    if (bits === undefined) return;
    this.#bytes.setUint16(control, this.#msixControl(bits), true);
    this.#msix?.control((bits & r.MSIX_ENABLE) !== 0, (bits & r.MSIX_FUNCTION_MASK) !== 0);
    this.#drive();
  }

  #writeHeader(): void {
    const { vendorId, deviceId, revision = 0, classCode } = this.#identity;
    const { subsystemVendorId = 0, subsystemId = 0, headerType = 0 } = this.#identity;
    const bytes = this.#bytes;
    bytes.setUint16(r.VENDOR_ID, vendorId, true);
    bytes.setUint16(r.DEVICE_ID, deviceId, true);
    bytes.setUint8(r.REVISION_ID, revision);
    bytes.setUint8(r.CLASS_CODE, classCode & 0xff);
    bytes.setUint16(r.CLASS_CODE + 1, classCode >> 8, true);
    bytes.setUint8(r.HEADER_TYPE, headerType);
    bytes.setUint16(r.SUBSYSTEM_VENDOR_ID, subsystemVendorId, true);
    bytes.setUint16(r.SUBSYSTEM_ID, subsystemId, true);
    bytes.setUint8(r.CAPABILITIES_POINTER, this.#capabilities[0]?.start ?? 0);
    bytes.setUint8(r.INTERRUPT_PIN, this.#pin ? 1 : 0);
    for (const [index, { start, capability }] of this.#capabilities.entries()) {
      bytes.setUint8(start, capability.id);
      bytes.setUint8(start + 1, this.#capabilities[index + 1]?.start ?? 0);
      for (const [at, byte] of capability.body.entries()) bytes.setUint8(start + 2 + at, byte);
    }
  }
}

const msixCapability = (bar: number, vectors: number): PciCapability => {
  const body = new DataView(new ArrayBuffer(r.MSIX_LENGTH - 2));
  body.setUint16(r.MSIX_CONTROL - 2, vectors - 1, true);
  body.setUint32(r.MSIX_TABLE - 2, bar, true);
  body.setUint32(r.MSIX_PENDING - 2, MsixTable.pendingOffset | bar, true);
  return { id: r.CAPABILITY_MSIX, body: new Uint8Array(body.buffer) };
};
