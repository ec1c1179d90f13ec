// Hot code: `bring` runs on the first look at a page in each window.
import {
  type MemoryBank,
  type MemoryPaging,
  PAGE_ABSENT,
  PAGE_ACCESSED,
  PAGE_BYTES,
  PAGE_IDLE,
  type PageKeeper,
} from '@vivarium/contracts';
import type { GiveBack } from './give-back.ts';

/** Mappings that a process may have by default (vm.max_map_count), less what it needs for itself. */
const MOST_MAPPINGS = 60_000;

/** Which pages of RAM have memory behind them, and which of those somebody looks at. */
export class PagedRam implements MemoryPaging {
  readonly states: Uint8Array;
  readonly #banks: readonly MemoryBank[];
  readonly #bytes: Uint8Array;
  readonly #giveBack: GiveBack;
  /** Views of a page that devices keep. */
  readonly #pins: Uint16Array;
  /** 1 where a mapping may begin. */
  readonly #edges: Uint8Array;
  readonly #listeners = new Set<() => void>();
  #keeper: PageKeeper | undefined;
  #accessed = 0;
  #idle = 0;
  #mappings = 1;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer, banks: readonly MemoryBank[], giveBack: GiveBack) {
    const pages = buffer.byteLength / PAGE_BYTES;
    this.states = new Uint8Array(pages).fill(PAGE_ACCESSED);
    this.#pins = new Uint16Array(pages);
    this.#edges = new Uint8Array(pages + 1);
    this.#banks = banks;
    this.#bytes = new Uint8Array(buffer);
    this.#giveBack = giveBack;
    // Nothing was ever touched.
    for (const [first, end] of this.#ranges()) this.states.fill(PAGE_ABSENT, first, end);
  }

  get accessed(): number {
    return this.#accessed;
  }

  get idle(): number {
    return this.#idle;
  }

  get mappings(): number {
    return this.#mappings;
  }

  keep(keeper: PageKeeper): void {
    this.#keeper = keeper;
  }

  bring(page: number): void {
    const state = this.states[page];
    if (state === PAGE_ACCESSED) return;
    if (state === PAGE_IDLE) this.#idle -= 1;
    else this.#keeper?.restore(page, this.peek(page));
    this.states[page] = PAGE_ACCESSED;
    this.#accessed += 1;
  }

  /** All pages of a range, of which there is one byte at least. */
  bringRange(offset: number, length: number): void {
    const last = Math.floor((offset + length - 1) / PAGE_BYTES);
    for (let page = Math.floor(offset / PAGE_BYTES); page <= last; page += 1) {
      if (this.states[page] !== PAGE_ACCESSED) this.bring(page);
    }
  }

  pin(offset: number, length: number, by: 1 | -1): void {
    const last = Math.floor((offset + length - 1) / PAGE_BYTES);
    for (let page = Math.floor(offset / PAGE_BYTES); page <= last; page += 1) {
      this.#pins[page] = (this.#pins[page] ?? 0) + by;
    }
  }

  peek(page: number): Uint8Array {
    return this.#bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  }

  takable(page: number): boolean {
    return this.states[page] === PAGE_IDLE && this.#pins[page] === 0;
  }

  take(first: number, count: number): boolean {
    const end = first + count;
    const edges = this.#edges.subarray(first, end + 1).reduce((sum, edge) => sum + edge, 0);
    // The more is taken, the fewer pieces: what is between two that are taken already joins them.
    if (edges < 2 && this.#mappings + 2 - edges > MOST_MAPPINGS) return false;
    this.#mappings += this.#cut(first, end);
    this.states.fill(PAGE_ABSENT, first, end);
    this.#idle -= count;
    // Where that fails, the keeper has the contents all the same.
    this.#giveBack(first * PAGE_BYTES, count * PAGE_BYTES);
    return true;
  }

  beginWindow(): void {
    for (const [first, end] of this.#ranges()) {
      const { states } = this;
      for (let page = states.indexOf(PAGE_ACCESSED, first); page >= 0 && page < end; ) {
        states[page] = PAGE_IDLE;
        page = states.indexOf(PAGE_ACCESSED, page + 1);
      }
    }
    this.#idle += this.#accessed;
    this.#accessed = 0;
    for (const listener of this.#listeners) listener();
  }

  onWindow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All that is not absent is zeroes; all that is, is to be. */
  clear(): void {
    this.#keeper?.clear();
  }

  /** Whether there is memory behind a page. */
  present(page: number): boolean {
    return this.states[page] !== PAGE_ABSENT;
  }

  /** Edges at `first` and `end`, none between. Returns how many more there are. */
  #cut(first: number, end: number): number {
    const edges = this.#edges;
    let change = 0;
    for (let page = first; page <= end; page += 1) {
      const edge = page === first || page === end ? 1 : 0;
      change += edge - (edges[page] ?? 0);
      edges[page] = edge;
    }
    return change;
  }

  /** First page and end of each bank. */
  #ranges(): readonly (readonly [number, number])[] {
    return this.#banks.map(({ offset, length }) => [offset / PAGE_BYTES, (offset + length) / PAGE_BYTES] as const);
  }
}
