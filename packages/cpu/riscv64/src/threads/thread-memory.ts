import type { LinearMemory, MachineMemory, MemoryBank } from '@vivarium/contracts';

/** The machine's memory on the thread of a hart: what the cell's thread carved out for it is given out there. */
export class ThreadMemory implements MachineMemory {
  readonly linear: LinearMemory;
  readonly banks: readonly MemoryBank[];
  readonly size: number;
  readonly #places: ReadonlyMap<string, number>;
  #next: number;

  /** `places`: offsets by owner; all others are given pieces of what begins at `area`. */
  constructor(linear: LinearMemory, banks: readonly MemoryBank[], places: ReadonlyMap<string, number>, area: number) {
    this.linear = linear;
    this.banks = banks;
    this.size = banks.reduce((sum, { length }) => sum + length, 0);
    this.#places = places;
    this.#next = area;
  }

  carve(owner: string, bytes: number, align: number): number {
    const place = this.#places.get(owner);
    if (place !== undefined) return place;
    const start = Math.ceil(this.#next / align) * align;
    this.#next = start + bytes;
    return start;
  }

  view(address: number, length: number): Uint8Array | undefined {
    const bank = this.banks.find(({ base, length: size }) => address >= base && address + length <= base + size);
    return bank && new Uint8Array(this.linear.buffer, bank.offset + address - bank.base, length);
  }

  writableView(address: number, length: number): Uint8Array | undefined {
    return this.view(address, length);
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.view(address, length)?.slice();
  }

  write(address: number, bytes: Uint8Array): boolean {
    const target = this.view(address, bytes.length);
    target?.set(bytes);
    return target !== undefined;
  }

  /** Nobody writes on this thread but the hart. */
  onExternalWrite(): () => void {
    return () => {};
  }

  clear(): void {
    for (const { offset, length } of this.banks) new Uint8Array(this.linear.buffer, offset, length).fill(0);
  }
}
