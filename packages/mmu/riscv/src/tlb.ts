// Hot code: flushes run on each context switch of the guest.

import { TLB_ENTRY_BYTES } from '@vivarium/isa-riscv';

/** The read, write and fetch TLBs of one regime, side by side in linear memory. */
export class Tlb {
  readonly read: number;
  readonly write: number;
  readonly fetch: number;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #size: number;

  /** `offset` is where in `buffer` the three zeroed arrays of `entries` lie, 8-aligned. */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer, offset: number, entries: number) {
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#mask = entries - 1;
    this.#size = entries * TLB_ENTRY_BYTES;
    this.read = offset;
    this.write = offset + this.#size;
    this.fetch = offset + 2 * this.#size;
  }

  /** Bytes that a regime with so many entries takes. */
  static bytes(entries: number): number {
    return 3 * entries * TLB_ENTRY_BYTES;
  }

  /** Where the entry for a virtual address is, as an index of 32-bit words. */
  place(array: number, low: number): number {
    return (array + ((low >>> 12) & this.#mask) * TLB_ENTRY_BYTES) >>> 2;
  }

  enter(array: number, low: number, high: number, payload: number, context: number): void {
    const at = this.place(array, low);
    this.#words[at] = (low & ~0xfff) | context;
    this.#words[at + 1] = high;
    this.#words[at + 2] = payload;
  }

  clear(): void {
    this.#bytes.fill(0, this.read, this.read + 3 * this.#size);
  }

  clearWrites(): void {
    this.#bytes.fill(0, this.write, this.write + this.#size);
  }

  /** Reads and writes lie side by side. */
  clearData(): void {
    this.#bytes.fill(0, this.read, this.read + 2 * this.#size);
  }

  clearFetches(): void {
    this.#bytes.fill(0, this.fetch, this.fetch + this.#size);
  }

  /** A slot holds one translation, whatever its address space: dropping it is always right. */
  clearPage(low: number): void {
    const at = ((low >>> 12) & this.#mask) * TLB_ENTRY_BYTES;
    for (const array of [this.read, this.write, this.fetch]) this.#words[(array + at) >> 2] = 0;
  }
}
