// Hot: one object a request, numbers in flat arrays.
import type { GuestMemory, VirtioRequest } from '@vivarium/contracts';
import { type ChainFault, LONGEST_CHAIN } from './descriptor.ts';

/** What a request's methods need of the queue it came from. */
export interface RequestOwner {
  readonly memory: GuestMemory;
}

const NOTHING: readonly Uint8Array[] = [];

/** A checked chain of descriptors: pieces of guest RAM, readable ones before writable ones. */
export class Request implements VirtioRequest {
  /** What the ring gave and takes back: the head of a split ring, the buffer id of a packed one. */
  readonly id: number;
  /** Slots of the ring that it takes up; 1 in a split ring. */
  slots = 1;
  /** Written bytes, once the device is done and older requests are not (VIRTIO_F_IN_ORDER). */
  written = -1;
  readableLength = 0;
  writableLength = 0;
  #owner: RequestOwner | undefined;
  readonly #addresses: number[] = [];
  readonly #lengths: number[] = [];
  #readablePieces = 0;
  /** Pieces of which a view was given out, as address and length: those keep their memory until the request ends. */
  readonly #pins: number[] = [];

  constructor(id: number, owner: RequestOwner) {
    this.id = id;
    this.#owner = owner;
  }

  get live(): boolean {
    return this.#owner !== undefined;
  }

  /** The driver has it back, or took it back. */
  end(): void {
    const memory = this.#owner?.memory;
    for (let at = 0; at < this.#pins.length; at += 2) memory?.unpin?.(this.#pins[at] ?? 0, this.#pins[at + 1] ?? 0);
    this.#pins.length = 0;
    this.#owner = undefined;
  }

  /** Takes one descriptor's buffer in. Checks what the rings' formats have in common (sections 2.6.4.2, 2.7.5). */
  add(memory: GuestMemory, address: number, length: number, writes: boolean): ChainFault | undefined {
    if (this.readableLength + this.writableLength + length >= LONGEST_CHAIN) return 'length';
    if (!writes && this.writableLength > 0) return 'order';
    // An empty buffer carries nothing, wherever it points.
    if (length === 0) return undefined;
    if (!inside(memory, address, length)) return 'not-ram';
    this.#addresses.push(address);
    this.#lengths.push(length);
    if (writes) this.writableLength += length;
    else {
      this.readableLength += length;
      this.#readablePieces += 1;
    }
    return undefined;
  }

  readable(offset = 0, length: number = this.readableLength): readonly Uint8Array[] {
    return this.#pieces(0, this.#readablePieces, offset, length, false);
  }

  writable(offset = 0, length: number = this.writableLength): readonly Uint8Array[] {
    return this.#pieces(this.#readablePieces, this.#addresses.length, offset, length, true);
  }

  read(offset: number, length: number): Uint8Array {
    const pieces = this.readable(offset, length);
    const [only] = pieces;
    if (only !== undefined && pieces.length === 1) return only.slice();
    const copy = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      copy.set(piece, at);
      at += piece.length;
    }
    return copy;
  }

  write(offset: number, bytes: Uint8Array): number {
    let taken = 0;
    for (const piece of this.writable(offset, bytes.length)) {
      piece.set(bytes.subarray(taken, taken + piece.length));
      taken += piece.length;
    }
    return taken;
  }

  #pieces(first: number, end: number, offset: number, length: number, writes: boolean): readonly Uint8Array[] {
    const memory = this.#owner?.memory;
    if (memory === undefined || !(offset >= 0) || !(length > 0)) return NOTHING;
    const found: Uint8Array[] = [];
    let skip = offset;
    let left = length;
    for (let index = first; index < end && left > 0; index++) {
      const whole = this.#lengths[index] ?? 0;
      if (skip >= whole) {
        skip -= whole;
        continue;
      }
      const take = Math.min(whole - skip, left);
      const address = (this.#addresses[index] ?? 0) + skip;
      const view = writes ? memory.writableView(address, take) : memory.view(address, take);
      // Revoked memory: the machine is going down.
      if (view === undefined) return NOTHING;
      found.push(view);
      if (memory.pin !== undefined) {
        memory.pin(address, take);
        this.#pins.push(address, take);
      }
      left -= take;
      skip = 0;
    }
    return found;
  }
}

const inside = (memory: GuestMemory, address: number, length: number): boolean => {
  for (const bank of memory.banks) {
    const within = address - bank.base;
    if (within >= 0 && within + length <= bank.length) return true;
  }
  return false;
};
