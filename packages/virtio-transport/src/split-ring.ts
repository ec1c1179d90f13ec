// Hot: every request passes here twice.
import type { GuestMemory } from '@vivarium/contracts';
import { walkSplit } from './chain-walk.ts';
import { DESCRIPTOR_SIZE } from './descriptor.ts';
import { Request, type RequestOwner } from './request.ts';
import { broken, EMPTY, passed, type Ring, type RingEntry, type RingLayout, type RingOptions, viewOf } from './ring.ts';

/** Available and used ring (Virtual I/O Device 1.3, sections 2.7.6 and 2.7.8): flags, index, entries, event. */
const FLAGS = 0;
const INDEX = 2;
const ENTRIES = 4;
const AVAILABLE_ENTRY = 2;
const USED_ENTRY = 8;
const EVENT = 2;
/** Bit of `flags` in either ring: the other side need not tell. */
const NO_NOTIFY = 1;

export const availableLength = (size: number): number => ENTRIES + AVAILABLE_ENTRY * size + EVENT;
export const usedLength = (size: number): number => ENTRIES + USED_ENTRY * size + EVENT;

const NO_VIEW: DataView = new DataView(new ArrayBuffer(0));

/** A split ring (section 2.7). */
export class SplitRing implements Ring {
  readonly #memory: GuestMemory;
  readonly #layout: RingLayout;
  readonly #options: RingOptions;
  readonly #size: number;
  readonly #inFlight: Uint8Array;
  #outstanding = 0;
  #descriptors: DataView = NO_VIEW;
  #available: DataView = NO_VIEW;
  #used: DataView = NO_VIEW;
  /** Next entry of the available ring to look at, and next of the used ring to write; modulo 2^16. */
  #nextAvailable = 0;
  #nextUsed = 0;
  /** What the driver has seen of the used ring. */
  #published = 0;
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
    const table = viewOf(this.#memory, descriptors, DESCRIPTOR_SIZE * this.#size);
    const available = viewOf(this.#memory, driver, availableLength(this.#size));
    const used = this.#memory.writableView(device, usedLength(this.#size));
    if (table === undefined || available === undefined || used === undefined) return false;
    this.#descriptors = table;
    this.#available = available;
    this.#used = new DataView(used.buffer, used.byteOffset, used.length);
    return true;
  }

  next(owner: RequestOwner): RingEntry {
    const waiting = (this.#available.getUint16(INDEX, true) - this.#nextAvailable) & 0xffff;
    if (waiting === 0) return EMPTY;
    if (waiting > this.#size) return broken('index-jump');
    const slot = this.#nextAvailable & (this.#size - 1);
    const head = this.#available.getUint16(ENTRIES + AVAILABLE_ENTRY * slot, true);
    if (head >= this.#size) return broken('head');
    if (this.#inFlight[head] !== 0) return broken('head-in-flight');
    if (this.#outstanding >= this.#size) return broken('too-many');
    this.#nextAvailable = (this.#nextAvailable + 1) & 0xffff;
    this.#inFlight[head] = 1;
    this.#outstanding += 1;
    const request = new Request(head, owner);
    const fault = walkSplit(request, this.#memory, this.#descriptors, head, this.#size, this.#options.indirect);
    return fault === undefined ? { kind: 'request', request } : { kind: 'malformed', request, fault };
  }

  back(request: Request): void {
    this.#release(request);
    this.#nextAvailable = (this.#nextAvailable - 1) & 0xffff;
  }

  give(request: Request, written: number): void {
    this.#release(request);
    const at = ENTRIES + USED_ENTRY * (this.#nextUsed & (this.#size - 1));
    this.#used.setUint32(at, request.id, true);
    this.#used.setUint32(at + 4, written, true);
    this.#nextUsed = (this.#nextUsed + 1) & 0xffff;
  }

  publish(): boolean {
    const old = this.#published;
    const now = this.#nextUsed;
    if (old === now) return false;
    this.#used.setUint16(INDEX, now, true);
    this.#published = now;
    if (!this.#options.eventIndex) return (this.#available.getUint16(FLAGS, true) & NO_NOTIFY) === 0;
    return passed(this.#available.getUint16(ENTRIES + AVAILABLE_ENTRY * this.#size, true), now, old);
  }

  wantNotification(wanted: boolean): void {
    // With event indices an old index is as good as none: it is not passed again for 2^16 buffers.
    if (this.#options.eventIndex) {
      if (wanted) this.#used.setUint16(ENTRIES + USED_ENTRY * this.#size, this.#nextAvailable, true);
    } else if (wanted !== this.#asks) this.#used.setUint16(FLAGS, wanted ? 0 : NO_NOTIFY, true);
    this.#asks = wanted;
  }

  #release(request: Request): void {
    this.#inFlight[request.id] = 0;
    this.#outstanding -= 1;
  }
}
