import { type BlockBackend, type BlockResult, SECTOR_SIZE } from '@vivarium/contracts';
import { isSectorRange, lengthOf, Stretch } from '@vivarium/host-file';
import { BlockCache } from './block-cache.ts';

/** Most blocks in one request to the server. */
const MOST_BLOCKS = 16;
/** Most requests to the server at a time; what comes more waits. */
const MOST_REQUESTS = 6;

/** What a disk is read from. */
export interface ByteSource {
  readonly size: number;
  /** Bytes `start` up to `end`. Rejects when they cannot be had. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** What an {@link HttpDisk} is made of. */
export interface HttpDiskSettings {
  readonly source: ByteSource;
  /** Bytes that are asked for and kept as one. */
  readonly blockSize: number;
  /** Blocks that are kept. */
  readonly cacheBlocks: number;
  /** Blocks that are asked for ahead of who reads on and on. */
  readonly readAhead: number;
  /** Told what is behind each fault that the guest sees. */
  readonly onFault: (error: unknown) => void;
}

/** A read-only disk of which the bytes come block by block from far away, and are kept for a while. */
export class HttpDisk implements BlockBackend {
  readonly capacity: number;
  readonly readOnly = true;
  readonly deferred = true;
  readonly #settings: HttpDiskSettings;
  readonly #cache: BlockCache;
  /** Blocks that were asked for and are not there yet. */
  readonly #coming = new Map<number, Promise<Uint8Array>>();
  readonly #waiting: (() => void)[] = [];
  #requests = 0;
  /** Where a read would begin that goes on from the last one. */
  #next = -1;
  #closed = false;

  constructor(settings: HttpDiskSettings) {
    this.#settings = settings;
    const { size } = settings.source;
    this.capacity = size - (size % SECTOR_SIZE);
    this.#cache = new BlockCache(settings.cacheBlocks);
  }

  read(offset: number, into: readonly Uint8Array[]): BlockResult | Promise<BlockResult> {
    const length = lengthOf(into);
    if (!isSectorRange(offset, length, this.capacity) || this.#closed) return 'io';
    if (length === 0) return undefined;
    const stretch = new Stretch(into, length);
    const isSequential = offset === this.#next;
    this.#next = offset + length;
    const at = this.#copyKnown(stretch, offset, offset + length);
    if (isSequential) this.#fetchAhead(offset + length);
    return at === offset + length ? undefined : this.#readRest(stretch, at, offset + length);
  }

  write(offset: number, from: readonly Uint8Array[]): BlockResult {
    return isSectorRange(offset, lengthOf(from), this.capacity) ? 'unsupported' : 'io';
  }

  flush(): BlockResult {
    return undefined;
  }

  /** Later requests answer `io`; those that wait do as soon as their turn comes. */
  close(): void {
    this.#closed = true;
  }

  async #readRest(into: Stretch, from: number, end: number): Promise<BlockResult> {
    const { blockSize, onFault } = this.#settings;
    try {
      for (let at = from; at < end; ) {
        const block = Math.floor(at / blockSize);
        // The whole piece is asked for at once, and then waited for block by block.
        const last = Math.min(Math.floor((end - 1) / blockSize), block + MOST_BLOCKS - 1);
        this.#request(block, last);
        for (let number = block; number <= last; number++) {
          const bytes = await this.#block(number);
          const within = at - number * blockSize;
          const count = Math.min(bytes.length - within, end - at);
          into.put(bytes.subarray(within, within + count));
          at += count;
        }
      }
      return undefined;
    } catch (error) {
      onFault(error);
      return 'io';
    }
  }

  /** Copies what is in the cache, up to the first block that is not; returns how far that is. */
  #copyKnown(into: Stretch, from: number, end: number): number {
    const { blockSize } = this.#settings;
    let at = from;
    while (at < end) {
      const block = Math.floor(at / blockSize);
      const bytes = this.#cache.get(block);
      if (bytes === undefined) break;
      const within = at - block * blockSize;
      const count = Math.min(bytes.length - within, end - at);
      into.put(bytes.subarray(within, within + count));
      at += count;
    }
    return at;
  }

  /** A block that was asked for; again, when it came and went before its turn. */
  async #block(number: number): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#cache.get(number) ?? (await this.#coming.get(number));
      if (bytes !== undefined) return bytes;
      this.#request(number, number);
    }
  }

  #fetchAhead(end: number): void {
    const { blockSize, readAhead } = this.#settings;
    // What is wanted now comes first.
    if (readAhead === 0 || this.#waiting.length > 0) return;
    const first = Math.ceil(end / blockSize);
    const last = Math.min(Math.ceil(this.capacity / blockSize), first + readAhead) - 1;
    // Half of it at a time: a request a block would be too many.
    if (!this.#isKnown(Math.min(last, first + Math.floor(readAhead / 2)))) this.#request(first, last);
  }

  #isKnown(block: number): boolean {
    return this.#cache.has(block) || this.#coming.has(block);
  }

  /** Asks for those of the blocks that are neither here nor coming; neighbours in one request. */
  #request(first: number, last: number): void {
    for (let block = first; block <= last; block++) {
      if (this.#isKnown(block)) continue;
      let end = block + 1;
      while (end <= last && end - block < MOST_BLOCKS && !this.#isKnown(end)) end++;
      this.#fetch(block, end);
      block = end - 1;
    }
  }

  #fetch(first: number, end: number): void {
    const { source, blockSize } = this.#settings;
    const coming = this.#turn(() => source.read(first * blockSize, Math.min(end * blockSize, source.size)));
    for (let block = first; block < end; block++) {
      const at = (block - first) * blockSize;
      const arrives = coming.then((bytes) => {
        // A copy, so that a block that stays does not keep its neighbours.
        const part = bytes.slice(at, at + blockSize);
        this.#cache.put(block, part);
        return part;
      });
      this.#coming.set(block, arrives);
      const gone = (): void => void this.#coming.delete(block);
      // Who waits for it hears of a failure; ahead of all readers, nobody needs to.
      arrives.then(gone, gone);
    }
  }

  /** Runs `act` when fewer requests are under way than may be. */
  async #turn<T>(act: () => Promise<T>): Promise<T> {
    if (this.#requests >= MOST_REQUESTS) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    else this.#requests++;
    try {
      if (this.#closed) throw new Error('the disk is closed');
      return await act();
    } finally {
      const next = this.#waiting.shift();
      // The turn goes on to who waits.
      if (next === undefined) this.#requests--;
      else next();
    }
  }
}
