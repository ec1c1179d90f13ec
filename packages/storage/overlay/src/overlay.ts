import { type BlockBackend, type BlockResult, type HostFile, SECTOR_SIZE } from '@vivarium/contracts';
import { blockFaultOf, isSectorRange, lengthOf, PlatformError, Stretch } from '@vivarium/host-file';
import { CHUNK, ChunkMap, EVERY_SECTOR, NO_SLOT, ZEROES } from './chunk-map.ts';

const SECTORS = CHUNK / SECTOR_SIZE;

/** What an {@link Overlay} is made of. */
export interface OverlaySettings {
  /** Is read, and never written, flushed or discarded. May be deferred. */
  readonly base: BlockBackend;
  /** Holds what is written. What it held before is overwritten. */
  readonly upper: HostFile;
  /** Most bytes of `upper`, and of memory to keep track of it, together. */
  readonly limit: number;
}

/** Sectors that go the same way. */
type Source = 'base' | 'upper' | 'zeroes';

/**
 * Copy on write by the sector: a sector that was written is read from the upper file, any other from the base. As no
 * sector is ever copied from the base, writes do not wait for it, and finish before they return.
 */
export class Overlay implements BlockBackend {
  readonly capacity: number;
  readonly readOnly = false;
  readonly deferred: boolean;
  readonly #base: BlockBackend;
  readonly #upper: HostFile;
  readonly #limit: number;
  readonly #map = new ChunkMap();
  /** Slots of the upper file that were used and are free. */
  readonly #free: number[] = [];
  /** Slots of the upper file that were ever used. */
  #slots = 0;

  constructor({ base, upper, limit }: OverlaySettings) {
    this.capacity = base.capacity;
    this.deferred = base.deferred;
    this.#base = base;
    this.#upper = upper;
    this.#limit = limit;
  }

  read(offset: number, into: readonly Uint8Array[]): BlockResult | Promise<BlockResult> {
    const length = lengthOf(into);
    if (!isSectorRange(offset, length, this.capacity)) return 'io';
    const stretch = new Stretch(into, length);
    const later: Promise<BlockResult>[] = [];
    try {
      for (let at = offset; at < offset + length; ) {
        const { source, count, place } = this.#run(at, offset + length - at);
        if (source === 'upper') stretch.readFrom(this.#upper, place, count);
        else if (source === 'zeroes') stretch.zero(count);
        else {
          const result = this.#base.read(at, stretch.take(count));
          if (result instanceof Promise) later.push(result);
          else if (result !== undefined) return settled(later, result);
        }
        at += count;
      }
    } catch {
      return settled(later, 'io');
    }
    return settled(later, undefined);
  }

  write(offset: number, from: readonly Uint8Array[]): BlockResult {
    const length = lengthOf(from);
    if (!isSectorRange(offset, length, this.capacity)) return 'io';
    const stretch = new Stretch(from, length);
    return this.#each(offset, length, (chunk, within, count) => {
      this.#store(chunk, within, count, stretch);
      return count;
    });
  }

  /** What is written is gone with the process in any case. */
  flush(): BlockResult {
    return undefined;
  }

  /** Whole chunks become zeroes, which takes little room; what is less stays as it is. */
  discard(offset: number, length: number): BlockResult {
    return this.#erase(offset, length, () => {});
  }

  writeZeroes(offset: number, length: number): BlockResult {
    return this.#erase(offset, length, (chunk, within, count) => {
      if (this.#map.slot(chunk) === ZEROES) return;
      this.#store(chunk, within, count, new Stretch([new Uint8Array(count)], count));
    });
  }

  /** Makes chunks zeroes that a range has as a whole, and calls `act` for the part that it has of others. */
  #erase(offset: number, length: number, act: (chunk: number, within: number, count: number) => void): BlockResult {
    if (!isSectorRange(offset, length, this.capacity)) return 'io';
    return this.#each(offset, length, (chunk, within, count) => {
      const leaf = within === 0 ? this.#map.wholeLeaf(chunk, Math.floor((offset + length) / CHUNK) - chunk) : 0;
      if (leaf > 0) {
        this.#map.zeroLeaf(chunk, (slot) => this.#releaseSlot(slot));
        return leaf * CHUNK;
      }
      if (count === Math.min(CHUNK, this.capacity - chunk * CHUNK)) this.#zero(chunk);
      else act(chunk, within, count);
      return count;
    });
  }

  /** Calls `act` for the part of each chunk that a range touches. It returns how many bytes it did. */
  #each(offset: number, length: number, act: (chunk: number, within: number, count: number) => number): BlockResult {
    try {
      for (let at = offset; at < offset + length; ) {
        const chunk = Math.floor(at / CHUNK);
        const within = at - chunk * CHUNK;
        const count = Math.min(CHUNK - within, offset + length - at);
        at += act(chunk, within, count);
      }
      return undefined;
    } catch (error) {
      return blockFaultOf(error);
    }
  }

  /** Where the next bytes come from, as far as they come from there; `place` is that in the upper file. */
  #run(offset: number, most: number): { readonly source: Source; readonly count: number; readonly place: number } {
    const first = this.#sourceOf(offset);
    const start = first.place;
    let count = 0;
    for (let next = first; count < most; next = this.#sourceOf(offset + count)) {
      if (next.source !== first.source || (next.source === 'upper' && next.place !== start + count)) break;
      count += next.count;
    }
    return { source: first.source, count: Math.min(count, most), place: start };
  }

  /** The same within one chunk. */
  #sourceOf(offset: number): { readonly source: Source; readonly count: number; readonly place: number } {
    const chunk = Math.floor(offset / CHUNK);
    const within = offset - chunk * CHUNK;
    const left = CHUNK - within;
    const slot = this.#map.slot(chunk);
    if (slot === NO_SLOT) return { source: 'base', count: left, place: 0 };
    if (slot === ZEROES) return { source: 'zeroes', count: left, place: 0 };
    const sectors = this.#map.sectors(chunk) >>> (within / SECTOR_SIZE);
    const isWritten = (sectors & 1) !== 0;
    // Bits that are as the lowest one is, up to the first that is not.
    const same = trailingZeroes(isWritten ? ~sectors : sectors);
    const count = Math.min(left, same * SECTOR_SIZE);
    return isWritten ? { source: 'upper', count, place: slot * CHUNK + within } : { source: 'base', count, place: 0 };
  }

  #store(chunk: number, within: number, count: number, from: Stretch): void {
    const old = this.#map.slot(chunk);
    const slot = old >= 0 ? old : this.#takeSlot(chunk);
    try {
      // The slot may hold what was in another chunk before.
      if (old === ZEROES && count < CHUNK) this.#upper.write(slot * CHUNK, new Uint8Array(CHUNK));
      from.writeTo(this.#upper, slot * CHUNK + within, count);
    } catch (error) {
      if (old < 0) this.#free.push(slot);
      throw error;
    }
    const bits = count === CHUNK ? EVERY_SECTOR : (2 ** (count / SECTOR_SIZE) - 1) * 2 ** (within / SECTOR_SIZE);
    this.#map.set(chunk, slot, (this.#map.sectors(chunk) | bits) >>> 0);
  }

  #zero(chunk: number): void {
    const slot = this.#map.slot(chunk);
    if (slot === ZEROES) return;
    if (slot < 0) this.#checkRoom(this.#map.cost(chunk));
    this.#map.set(chunk, ZEROES, EVERY_SECTOR);
    if (slot >= 0) this.#releaseSlot(slot);
  }

  #takeSlot(chunk: number): number {
    const cost = this.#map.cost(chunk);
    this.#checkRoom(this.#free.length > 0 ? cost : CHUNK + cost);
    return this.#free.pop() ?? this.#slots++;
  }

  #releaseSlot(slot: number): void {
    this.#free.push(slot);
    this.#upper.punchHole?.(slot * CHUNK, CHUNK);
  }

  #checkRoom(more: number): void {
    if (this.#slots * CHUNK + this.#map.bytes + more > this.#limit) {
      throw new PlatformError('ENOSPC', `what is written to the overlay takes ${this.#limit} bytes`);
    }
  }
}

const trailingZeroes = (bits: number): number => (bits === 0 ? SECTORS : 31 - Math.clz32(bits & -bits));

/** The first fault, once everything that is under way is done: until then the buffers are in use. */
const settled = (later: readonly Promise<BlockResult>[], fault: BlockResult): BlockResult | Promise<BlockResult> =>
  later.length === 0
    ? fault
    : Promise.all(later).then(
        (results) => fault ?? results.find((result) => result !== undefined),
        () => 'io',
      );
