import { defineManyToken, defineToken, type Token } from './token.ts';

/**
 * What a guest's kernel says of its memory. All of it is the guest's word: each reading is absent when the guest does not
 * give it, or gives a number that is none.
 */
export interface BalloonStatistics {
  /** When the device got them: nanoseconds on the machine's clock. */
  readonly at: number;
  /** Bytes since boot. */
  readonly swappedIn?: number;
  readonly swappedOut?: number;
  /** Page faults since boot that needed a disk, and others. */
  readonly majorFaults?: number;
  readonly minorFaults?: number;
  /** Bytes that nothing uses. */
  readonly free?: number;
  /** Bytes that the kernel manages. */
  readonly total?: number;
  /** Bytes that new programs can have before the guest swaps. */
  readonly available?: number;
  /** Bytes of files that are kept in memory and can be dropped at once. */
  readonly caches?: number;
  /** Huge pages that were given out since boot, and attempts that failed. */
  readonly hugePageAllocations?: number;
  readonly hugePageFailures?: number;
  /** Processes killed for want of memory. */
  readonly outOfMemoryKills?: number;
  /** How often something had to wait for memory. */
  readonly allocationStalls?: number;
  /** Pages looked at and pages won when memory was short: by the kernel's own thread, and by who needed them. */
  readonly asyncScans?: number;
  readonly directScans?: number;
  readonly asyncReclaims?: number;
  readonly directReclaims?: number;
}

export type BalloonEvent =
  /** A driver took the device, or let go of it; then the balloon is empty. */
  | { readonly kind: 'driver'; readonly active: boolean }
  /** Pages went in or came out; `actual` as in {@link MemoryBalloon}. */
  | { readonly kind: 'actual'; readonly actual: number }
  | { readonly kind: 'statistics'; readonly statistics: BalloonStatistics };

/**
 * A memory balloon for host code: how much memory the guest is asked to do without. All amounts are bytes, multiples of
 * 4096. Asking is all that a host can do: a guest gives as much as it can, when it can, and takes pages back when it is
 * out of memory.
 */
export interface MemoryBalloon {
  /** A driver runs the device. */
  readonly active: boolean;
  /** What the guest is asked for. Outlives resets. */
  readonly target: number;
  /** Largest target: all RAM. */
  readonly limit: number;
  /** What is in the balloon by our own count: each page once, and RAM only. */
  readonly actual: number;
  /** What is in the balloon by the driver's word. */
  readonly claimed: number;
  /** Free memory that the guest reported by itself and that was discarded, summed up since the machine was made. */
  readonly reported: number;
  /** The latest; undefined until the guest sent some in this life of its driver. */
  readonly statistics: BalloonStatistics | undefined;
  /** Asks for `bytes`, rounded down to pages. Throws `VIV_BALLOON_TARGET` when that is none, or above `limit`. */
  setTarget(bytes: number): void;
  /** Asks for statistics every so many seconds; 0 ends that. Throws `VIV_BALLOON_INTERVAL`. */
  pollStatistics(seconds: number): void;
  /** Tells of what happens from now on. Returns its removal. */
  onEvent(listener: (event: BalloonEvent) => void): () => void;
}

export const MemoryBalloonToken: Token<MemoryBalloon> = defineManyToken('vivarium/memory-balloon', 1);

/** What becomes of guest memory that nobody needs. A memory that can do better than fill it with zeroes provides this. */
export interface MemoryDiscard {
  /**
   * `range` is a view of guest RAM, got for writing, on any address and of any length. It reads as zeroes afterwards,
   * and the host has as much of it back as it can get.
   */
  discard(range: Uint8Array): void;
}

export const MemoryDiscardToken: Token<MemoryDiscard> = defineToken('vivarium/memory-discard', 1);
