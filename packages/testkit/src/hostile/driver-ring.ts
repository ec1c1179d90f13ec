import type { GuestMemory } from '@vivarium/contracts';

/** Flags of a descriptor (Virtual I/O Device 1.3, section 2.7.5). */
export const NEXT = 1;
export const WRITE = 2;
export const INDIRECT = 4;
const AVAIL = 1 << 7;
const USED = 1 << 15;
export const DESCRIPTOR = 16;

/** A descriptor as a hostile driver writes it: any value fits any field. */
export interface Element {
  readonly address: bigint;
  readonly length: number;
  /** Without NEXT, which follows from the place in the chain unless `flags` is given whole by `exactFlags`. */
  readonly flags?: number;
  readonly exactFlags?: number;
  /** Split rings: instead of the following descriptor. */
  readonly next?: number;
}

/** Where a driver keeps a ring. Guest-physical. */
export interface RingPlace {
  readonly size: number;
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

/** A buffer that came back. */
export interface Returned {
  readonly id: number;
  readonly length: number;
}

/** The driver's side of a ring, with nothing to stop it from writing nonsense. */
export interface DriverRing {
  readonly place: RingPlace;
  /** Writes a chain and makes it available; gives its id. `id` of a packed ring can be forced. */
  publish(elements: readonly Element[], id?: number): number;
  /** What came back since the last call. */
  returned(): readonly Returned[];
  /** Whether the device asks for notifications; undefined when it says so by index only. */
  writeTable(address: number, elements: readonly Element[]): void;
}

const viewOf = (memory: GuestMemory, address: number, length: number): DataView => {
  const bytes = memory.view(address, length);
  if (bytes === undefined) throw new RangeError('the fake memory is too small for the rings');
  return new DataView(bytes.buffer, bytes.byteOffset, length);
};

const flagsOf = (element: Element, last: boolean): number =>
  element.exactFlags ?? (element.flags ?? 0) | (last ? 0 : NEXT);

/** A split ring (section 2.7). */
export class SplitDriverRing implements DriverRing {
  readonly place: RingPlace;
  readonly descriptors: DataView;
  readonly available: DataView;
  readonly used: DataView;
  readonly #memory: GuestMemory;
  #nextDescriptor = 0;
  #seen = 0;

  constructor(memory: GuestMemory, place: RingPlace) {
    this.#memory = memory;
    this.place = place;
    this.descriptors = viewOf(memory, place.descriptors, DESCRIPTOR * place.size);
    this.available = viewOf(memory, place.driver, 6 + 2 * place.size);
    this.used = viewOf(memory, place.device, 6 + 8 * place.size);
  }

  get index(): number {
    return this.available.getUint16(2, true);
  }

  set index(value: number) {
    this.available.setUint16(2, value & 0xffff, true);
  }

  set usedEvent(value: number) {
    this.available.setUint16(4 + 2 * this.place.size, value, true);
  }

  publish(elements: readonly Element[]): number {
    const { size } = this.place;
    const head = this.#nextDescriptor % size;
    for (const [offset, element] of elements.entries()) {
      const index = (head + offset) % size;
      const last = offset === elements.length - 1;
      this.descriptor(index, element, flagsOf(element, last), element.next ?? (index + 1) % size);
    }
    this.#nextDescriptor += elements.length;
    this.show(head);
    return head;
  }

  descriptor(index: number, { address, length }: Element, flags: number, next: number): void {
    writeSplit(this.descriptors, index * DESCRIPTOR, address, length, flags, next);
  }

  /** Makes `head` available, whatever it is. */
  show(head: number): void {
    this.available.setUint16(4 + 2 * (this.index % this.place.size), head, true);
    this.index += 1;
  }

  writeTable(address: number, elements: readonly Element[]): void {
    const table = viewOf(this.#memory, address, DESCRIPTOR * elements.length);
    for (const [index, element] of elements.entries()) {
      const flags = flagsOf(element, index === elements.length - 1);
      writeSplit(table, index * DESCRIPTOR, element.address, element.length, flags, element.next ?? index + 1);
    }
  }

  returned(): readonly Returned[] {
    const found: Returned[] = [];
    while (this.#seen !== this.used.getUint16(2, true) && found.length <= 0x1_0000) {
      const at = 4 + 8 * (this.#seen % this.place.size);
      found.push({ id: this.used.getUint32(at, true), length: this.used.getUint32(at + 4, true) });
      this.#seen = (this.#seen + 1) & 0xffff;
    }
    return found;
  }
}

const writeSplit = (table: DataView, at: number, address: bigint, length: number, flags: number, next: number) => {
  table.setBigUint64(at, address, true);
  table.setUint32(at + 8, length, true);
  table.setUint16(at + 12, flags, true);
  table.setUint16(at + 14, next, true);
};

/** A packed ring (section 2.8). */
export class PackedDriverRing implements DriverRing {
  readonly place: RingPlace;
  readonly ring: DataView;
  readonly #memory: GuestMemory;
  /** Slots of each buffer in flight, by id. */
  readonly #slots = new Map<number, number>();
  #nextId = 0;
  #next = 0;
  #wrap = true;
  #used = 0;
  #usedWrap = true;

  constructor(memory: GuestMemory, place: RingPlace) {
    this.#memory = memory;
    this.place = place;
    this.ring = viewOf(memory, place.descriptors, DESCRIPTOR * place.size);
  }

  publish(elements: readonly Element[], forced?: number): number {
    const id = forced ?? this.#nextId++ % this.place.size;
    const first = { index: this.#next, wrap: this.#wrap };
    let firstFlags = 0;
    for (const [offset, element] of elements.entries()) {
      const flags = flagsOf(element, offset === elements.length - 1) | (this.#wrap ? AVAIL : USED);
      const at = this.#next * DESCRIPTOR;
      this.ring.setBigUint64(at, element.address, true);
      this.ring.setUint32(at + 8, element.length, true);
      this.ring.setUint16(at + 12, id, true);
      if (offset === 0) firstFlags = flags;
      else this.ring.setUint16(at + 14, flags, true);
      this.#next += 1;
      if (this.#next === this.place.size) {
        this.#next = 0;
        this.#wrap = !this.#wrap;
      }
    }
    this.ring.setUint16(first.index * DESCRIPTOR + 14, firstFlags, true);
    this.#slots.set(id, elements.length);
    return id;
  }

  writeTable(address: number, elements: readonly Element[]): void {
    const table = viewOf(this.#memory, address, DESCRIPTOR * elements.length);
    for (const [index, { address: to, length, flags, exactFlags }] of elements.entries()) {
      table.setBigUint64(index * DESCRIPTOR, to, true);
      table.setUint32(index * DESCRIPTOR + 8, length, true);
      table.setUint16(index * DESCRIPTOR + 12, 0, true);
      table.setUint16(index * DESCRIPTOR + 14, exactFlags ?? flags ?? 0, true);
    }
  }

  returned(): readonly Returned[] {
    const found: Returned[] = [];
    while (found.length <= this.place.size) {
      const at = this.#used * DESCRIPTOR;
      const flags = this.ring.getUint16(at + 14, true);
      if (((flags & AVAIL) !== 0) !== this.#usedWrap || ((flags & USED) !== 0) !== this.#usedWrap) break;
      const id = this.ring.getUint16(at + 12, true);
      const slots = this.#slots.get(id);
      if (slots === undefined) break;
      this.#slots.delete(id);
      found.push({ id, length: this.ring.getUint32(at + 8, true) });
      this.#used += slots;
      // More than once when the chain was longer than the ring.
      while (this.#used >= this.place.size) {
        this.#used -= this.place.size;
        this.#usedWrap = !this.#usedWrap;
      }
    }
    return found;
  }
}
