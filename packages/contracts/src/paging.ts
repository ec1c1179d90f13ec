/** Bytes of a page that can be taken from a guest. */
export const PAGE_BYTES = 4096;

/** What {@link MemoryPaging.states} says of a page. */
export const PAGE_ACCESSED = 0;
/** Nobody has looked at it since the present window began, and no TLB holds it. */
export const PAGE_IDLE = 1;
/** The host has no memory behind it: its keeper knows what is in it. */
export const PAGE_ABSENT = 2;

/** Knows what is in pages that have no memory behind them. Pages are numbered as in {@link MemoryPaging}. */
export interface PageKeeper {
  /**
   * Writes what is in `page` to `into`, 4096 bytes, and forgets it: the page is the guest's again. Zeroes where it was
   * never told anything. Throws a coded error when it cannot; the page then is still absent.
   */
  restore(page: number, into: Uint8Array): void;
  /** Everything is zero again. */
  clear(): void;
}

/**
 * Guest RAM that needs no memory of the host for each of its pages. A page is absent until somebody looks at it, and
 * can be made absent again: its contents then are with a keeper, and its memory is the operating system's. All that
 * look at RAM by themselves (page walks, TLB refills, decoders) call `bring` for pages that are not `PAGE_ACCESSED`;
 * what looks through `GuestMemory` need not know. Pages have the numbers of their places in the linear memory: offset
 * / 4096. The private area has numbers, too, and is never absent.
 */
export interface MemoryPaging {
  /** By page. Others than this memory only read it. */
  readonly states: Uint8Array;
  /** Pages with memory behind them that were looked at since the window began, and that were not. */
  readonly accessed: number;
  readonly idle: number;
  /** Pieces that the memory is in for the operating system, which has a bound for them. */
  readonly mappings: number;
  /** Makes a page present and accessed. Throws what the keeper throws. */
  bring(page: number): void;
  /** Sets who knows what is in absent pages. Before that, and for those never taken, it is zeroes. */
  keep(keeper: PageKeeper): void;
  /** What is in an idle page, without a look at it that counts. Valid until the next turn of the event loop. */
  peek(page: number): Uint8Array;
  /**
   * Whether a page's memory can be taken now: it is idle, and no device holds a view of it.
   */
  takable(page: number): boolean;
  /**
   * Makes `count` takable pages from `first` on absent: the keeper has their contents. False, with nothing done, when
   * the operating system has no room for one more piece.
   */
  take(first: number, count: number): boolean;
  /** Begins a window: whatever is present counts as idle until somebody looks at it. */
  beginWindow(): void;
  /** Calls `listener` when a window begins: then no TLB may hold translations for loads and stores. */
  onWindow(listener: () => void): () => void;
}
