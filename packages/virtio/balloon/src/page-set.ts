import type { MemoryBank } from '@vivarium/contracts';
import { PAGE } from './registers.ts';

interface Span {
  readonly first: number;
  readonly count: number;
  /** One bit a page. */
  readonly bits: Uint32Array;
}

/** The pages of RAM that are in the balloon, one bit each: its size does not depend on what a guest does. */
export class PageSet {
  /** Pages of RAM. */
  readonly capacity: number;
  readonly #spans: readonly Span[];
  #size = 0;

  constructor(banks: readonly MemoryBank[]) {
    this.#spans = banks.map(({ base, length }) => {
      const first = Math.ceil(base / PAGE);
      const count = Math.max(0, Math.floor((base + length) / PAGE) - first);
      return { first, count, bits: new Uint32Array(Math.ceil(count / 32)) };
    });
    this.capacity = this.#spans.reduce((sum, { count }) => sum + count, 0);
  }

  get size(): number {
    return this.#size;
  }

  /** False when the page is in already, or is not RAM. */
  add(page: number): boolean {
    const found = this.#find(page);
    if (found === undefined || this.#has(found, page)) return false;
    this.#flip(found, page);
    this.#size += 1;
    return true;
  }

  /** False when the page was not in. */
  delete(page: number): boolean {
    const found = this.#find(page);
    if (found === undefined || !this.#has(found, page)) return false;
    this.#flip(found, page);
    this.#size -= 1;
    return true;
  }

  clear(): void {
    for (const { bits } of this.#spans) bits.fill(0);
    this.#size = 0;
  }

  #find(page: number): Span | undefined {
    return this.#spans.find(({ first, count }) => page >= first && page < first + count);
  }

  #has({ first, bits }: Span, page: number): boolean {
    return (((bits[(page - first) >>> 5] ?? 0) >>> ((page - first) & 31)) & 1) === 1;
  }

  #flip({ first, bits }: Span, page: number): void {
    const word = (page - first) >>> 5;
    bits[word] = (bits[word] ?? 0) ^ (1 << ((page - first) & 31));
  }
}
