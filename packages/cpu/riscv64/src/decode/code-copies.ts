// Hot code: `check` runs on each miss of the fetch TLB.
import type { MachineMemory } from '@vivarium/contracts';

const PAGE = 4096;
const PAGE_WORDS = PAGE / 4;

/**
 * Code as it was decoded, page by page, for a hart whose RAM is written by other threads. The hart goes on with what it
 * has until it fetches anew (FENCE.I); then each page is compared before it is entered again, and only what changed is
 * decoded again (unprivileged manual, "Zifencei").
 */
export class CodeCopies {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #base: number;
  /** By pool index: guest-physical page, offset of the page in linear memory, and when it was compared last. */
  readonly #pages: Float64Array;
  readonly #live: Uint32Array;
  readonly #checked: Float64Array;
  #generation = 1;

  constructor(memory: MachineMemory, capacity: number) {
    const { buffer } = memory.linear;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#base = memory.carve('@vivarium/cpu-riscv64 copied code', capacity * PAGE, 64);
    this.#pages = new Float64Array(capacity);
    this.#live = new Uint32Array(capacity);
    this.#checked = new Float64Array(capacity);
  }

  /** Linear memory that copies of so many pages take. */
  static bytes(capacity: number): number {
    return capacity * PAGE;
  }

  /** Copies a page of RAM; gives the offset of the copy. */
  take(index: number, page: number, offset: number): number {
    this.#pages[index] = page;
    this.#live[index] = offset;
    this.#checked[index] = this.#generation;
    this.refresh(index, 0, PAGE);
    return this.#base + index * PAGE;
  }

  /** Copies bytes `from` to `to` (exclusive) of a page again. */
  refresh(index: number, from: number, to: number): void {
    const live = this.#live[index];
    this.#bytes.copyWithin(this.#base + index * PAGE + from, live + from, live + to);
  }

  /** Every page is compared before it is entered next. */
  recheck(): void {
    this.#generation += 1;
  }

  /** Tells `changed` of the guest-physical bytes that are not what was decoded, if nobody looked since `recheck`. */
  check(index: number, changed: (address: number, length: number) => void): void {
    if (this.#checked[index] === this.#generation) return;
    this.#checked[index] = this.#generation;
    const words = this.#words;
    const live = this.#live[index] >>> 2;
    const copy = (this.#base + index * PAGE) >>> 2;
    for (let word = 0; word < PAGE_WORDS; word += 1) {
      if (words[live + word] === words[copy + word]) continue;
      const first = word;
      while (word < PAGE_WORDS && words[live + word] !== words[copy + word]) word += 1;
      changed(this.#pages[index] + first * 4, (word - first) * 4);
    }
  }
}
