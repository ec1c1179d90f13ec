// Hot: every request passes here twice.
import type { GuestMemory } from '@vivarium/contracts';
import { addressAt, indirectTable } from './chain-walk.ts';
import * as d from './descriptor.ts';
import { Request, type RequestOwner } from './request.ts';
import { broken, EMPTY, passed, type Ring, type RingEntry, type RingLayout, type RingOptions, viewOf } from './ring.ts';

/** Event suppression (Virtual I/O Device 1.3, section 2.8.14): offset and wrap counter, then flags. */
export const SUPPRESSION_LENGTH = 4;
const OFFSET_WRAP = 0;
const FLAGS = 2;
const WRAP = 1 << 15;
const ENABLE = 0;
const DISABLE = 1;
const DESCRIPTOR = 2;

const NO_VIEW: DataView = new DataView(new ArrayBuffer(0));

/** A packed ring (section 2.8). */
export class PackedRing implements Ring {
  readonly #memory: GuestMemory;
  readonly #layout: RingLayout;
  readonly #options: RingOptions;
  readonly #size: number;
  readonly #inFlight: Uint8Array;
  /** Slots of the ring that are with the device. */
  #outstanding = 0;
  #ring: DataView = NO_VIEW;
  #driver: DataView = NO_VIEW;
  #device: DataView = NO_VIEW;
  #nextAvailable = 0;
  #availableWrap = true;
  #nextUsed = 0;
  #usedWrap = true;
  /** Used entries since the last publish. */
  #given = 0;
  /** The first of them, shown last: the driver reads on from there (section 2.8.6). */
  #first: { readonly at: number; readonly flags: number } | undefined;
  #asks = true;

  constructor(memory: GuestMemory, layout: RingLayout, options: RingOptions) {
    this.#memory = memory;
    this.#layout = layout;
    this.#options = options;
    this.#size = layout.size;
    this.#inFlight = new Uint8Array(layout.size);
  }

  open(): boolean {
    const { descriptors, driver, device } = this.#layout;
    const ring = this.#memory.writableView(descriptors, d.DESCRIPTOR_SIZE * this.#size);
    const suppression = viewOf(this.#memory, driver, SUPPRESSION_LENGTH);
    const own = this.#memory.writableView(device, SUPPRESSION_LENGTH);
    if (ring === undefined || suppression === undefined || own === undefined) return false;
    this.#ring = new DataView(ring.buffer, ring.byteOffset, ring.length);
    this.#driver = suppression;
    this.#device = new DataView(own.buffer, own.byteOffset, own.length);
    return true;
  }

  next(owner: RequestOwner): RingEntry {
    let index = this.#nextAvailable;
    let wrap = this.#availableWrap;
    if (!this.#isAvailable(index, wrap)) return EMPTY;
    // The id is in the last descriptor of the chain (section 2.8.5), so the chain is walked before it has a name.
    const buffers: { readonly address: number; readonly length: number; readonly flags: number }[] = [];
    let id = 0;
    for (;;) {
      if (this.#outstanding + buffers.length >= this.#size) return broken('too-many');
      const at = index * d.DESCRIPTOR_SIZE;
      const flags = this.#ring.getUint16(at + d.PACKED_FLAGS, true);
      id = this.#ring.getUint16(at + d.PACKED_ID, true);
      buffers.push({ address: addressAt(this.#ring, at), length: this.#ring.getUint32(at + d.LENGTH, true), flags });
      index += 1;
      if (index === this.#size) {
        index = 0;
        wrap = !wrap;
      }
      if ((flags & d.NEXT) === 0) break;
      // The driver shows the first descriptor last, so the others are there, too.
      if (!this.#isAvailable(index, wrap)) return broken('chain');
    }
    if (id >= this.#size) return broken('head');
    if (this.#inFlight[id] !== 0) return broken('head-in-flight');
    this.#inFlight[id] = 1;
    this.#outstanding += buffers.length;
    this.#nextAvailable = index;
    this.#availableWrap = wrap;
    const request = new Request(id, owner);
    request.slots = buffers.length;
    for (const { address, length, flags } of buffers) {
      const fault =
        (flags & d.INDIRECT) === 0
          ? request.add(this.#memory, address, length, (flags & d.WRITE) !== 0)
          : this.#indirect(request, address, length, flags);
      if (fault !== undefined) return { kind: 'malformed', request, fault };
    }
    return { kind: 'request', request };
  }

  back(request: Request): void {
    this.#release(request);
    this.#nextAvailable -= request.slots;
    if (this.#nextAvailable < 0) {
      this.#nextAvailable += this.#size;
      this.#availableWrap = !this.#availableWrap;
    }
  }

  give(request: Request, written: number): void {
    this.#release(request);
    const at = this.#nextUsed * d.DESCRIPTOR_SIZE;
    this.#ring.setUint16(at + d.PACKED_ID, request.id, true);
    this.#ring.setUint32(at + d.LENGTH, written, true);
    const flags = (this.#usedWrap ? d.AVAIL | d.USED : 0) | (written > 0 ? d.WRITE : 0);
    if (this.#first === undefined) this.#first = { at, flags };
    else this.#ring.setUint16(at + d.PACKED_FLAGS, flags, true);
    this.#given += request.slots;
    this.#nextUsed += request.slots;
    if (this.#nextUsed >= this.#size) {
      this.#nextUsed -= this.#size;
      this.#usedWrap = !this.#usedWrap;
    }
  }

  publish(): boolean {
    if (this.#first === undefined) return false;
    this.#ring.setUint16(this.#first.at + d.PACKED_FLAGS, this.#first.flags, true);
    const old = this.#nextUsed - this.#given;
    this.#first = undefined;
    this.#given = 0;
    const wanted = this.#driver.getUint16(FLAGS, true) & 3;
    if (wanted !== DESCRIPTOR || !this.#options.eventIndex) return wanted !== DISABLE;
    const offsetWrap = this.#driver.getUint16(OFFSET_WRAP, true);
    const sameLap = ((offsetWrap & WRAP) !== 0) === this.#usedWrap;
    const event = (offsetWrap & ~WRAP) - (sameLap ? 0 : this.#size);
    return passed(event & 0xffff, this.#nextUsed, old & 0xffff);
  }

  wantNotification(wanted: boolean): void {
    if (wanted && this.#options.eventIndex) {
      this.#device.setUint16(OFFSET_WRAP, this.#nextAvailable | (this.#availableWrap ? WRAP : 0), true);
      if (!this.#asks) this.#device.setUint16(FLAGS, DESCRIPTOR, true);
    } else if (wanted !== this.#asks) this.#device.setUint16(FLAGS, wanted ? ENABLE : DISABLE, true);
    this.#asks = wanted;
  }

  /** Available: the AVAIL bit is the driver's wrap counter, the USED bit is not (section 2.8.1). */
  #isAvailable(index: number, wrap: boolean): boolean {
    const flags = this.#ring.getUint16(index * d.DESCRIPTOR_SIZE + d.PACKED_FLAGS, true);
    return ((flags & d.AVAIL) !== 0) === wrap && ((flags & d.USED) !== 0) !== wrap;
  }

  /** A table of descriptors that follow one another; only the WRITE flag counts in them (section 2.8.7). */
  #indirect(request: Request, address: number, length: number, flags: number): d.ChainFault | undefined {
    if (!this.#options.indirect) return 'indirect-not-negotiated';
    if ((flags & d.NEXT) !== 0 || request.slots > 1) return 'indirect-next';
    const table = indirectTable(this.#memory, address, length, this.#size);
    if (typeof table === 'string') return table;
    for (let at = 0; at < length; at += d.DESCRIPTOR_SIZE) {
      const inner = table.getUint16(at + d.PACKED_FLAGS, true);
      if ((inner & d.INDIRECT) !== 0) return 'indirect-nested';
      const bytes = table.getUint32(at + d.LENGTH, true);
      const fault = request.add(this.#memory, addressAt(table, at), bytes, (inner & d.WRITE) !== 0);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #release(request: Request): void {
    this.#inFlight[request.id] = 0;
    this.#outstanding -= request.slots;
  }
}
