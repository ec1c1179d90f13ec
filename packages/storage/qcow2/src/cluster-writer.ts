// Hot code: each write of a guest goes through here. Benchmark: test/qemu-bench.ts.
import type { HostFile } from '@vivarium/contracts';
import { Stretch } from '@vivarium/host-file';
import { DamagedImage } from './errors.ts';
import { COMPRESSED_HIGH, COPIED_HIGH, ENTRY, OFFSET_HIGH, UPPER, ZERO_LOW } from './format.ts';
import type { Qcow2Layer } from './layer.ts';
import type { Mapping } from './mapping.ts';
import type { ClusterRun } from './refcounts.ts';
import { overlapsReserved, type ReservedRange } from './reserved.ts';
import type { Table } from './table.ts';
import type { WriteBack } from './write-back.ts';

/** What a {@link ClusterWriter} works on. */
export interface ClusterWriterSettings {
  readonly file: HostFile;
  readonly mapping: Mapping;
  readonly layer: Qcow2Layer;
  readonly writeBack: WriteBack;
  readonly reserved: readonly ReservedRange[];
}

/** Clusters of one L2 table: `count` entries from `index` on; the first is at `offset` of the disk. */
export interface TableSlice {
  readonly table: Table;
  readonly index: number;
  readonly count: number;
  readonly offset: number;
}

/** Writes data: in place where clusters are this image's alone, else into new ones. */
export class ClusterWriter {
  readonly #file: HostFile;
  readonly #mapping: Mapping;
  readonly #layer: Qcow2Layer;
  readonly #writeBack: WriteBack;
  readonly #reserved: readonly ReservedRange[];
  readonly #clusterSize: number;

  constructor({ file, mapping, layer, writeBack, reserved }: ClusterWriterSettings) {
    this.#file = file;
    this.#mapping = mapping;
    this.#layer = layer;
    this.#writeBack = writeBack;
    this.#reserved = reserved;
    this.#clusterSize = mapping.clusterSize;
  }

  /** Stores the next `length` bytes of `from` at `offset`. */
  write(from: Stretch, offset: number, length: number): void {
    for (let at = offset; at < offset + length; ) {
      this.#writeBack.prepare();
      at += this.#writePiece(from, at, offset + length - at);
    }
  }

  /** Stores as much as goes one way, and returns how much that was. */
  #writePiece(from: Stretch, offset: number, most: number): number {
    const extent = this.#mapping.find(offset, most);
    if (extent.kind === 'data' && extent.isOwn && this.#mapping.ownsL2(this.#l1Index(offset))) {
      if (overlapsReserved(this.#reserved, extent.host, extent.length)) {
        throw new DamagedImage(`a cluster of data is at ${extent.host}`);
      }
      const { host, length } = extent;
      from.writeTo(this.#file, host, length);
      return length;
    }
    const slice = this.slice(offset, most);
    const { table, index } = slice;
    const high = table.view.getUint32(index * ENTRY);
    const low = table.view.getUint32(index * ENTRY + 4);
    const within = offset - slice.offset;
    const preallocated = this.#ownZeroes(high, low);
    if (preallocated !== 0) {
      // Zeroes that have a cluster of their own: one at a time, as they are rare.
      const length = Math.min(most, this.#clusterSize - within);
      this.#fill(from, slice.offset, preallocated, within, length, 1, false);
      this.#writeBack.setL2(table, index, high, (low & ~ZERO_LOW) >>> 0);
      return length;
    }
    return this.#writeNew(from, slice, within, most);
  }

  /** The clusters that `most` bytes from `offset` on touch, as far as one L2 table has them, writable. */
  slice(offset: number, most: number): TableSlice {
    const l1Index = this.#l1Index(offset);
    const cluster = Math.floor(offset / this.#clusterSize);
    const index = cluster % this.#mapping.perTable;
    const touched = Math.ceil((offset + most) / this.#clusterSize) - cluster;
    const table = this.#writeBack.writableL2(l1Index);
    const count = Math.min(touched, this.#mapping.perTable - index);
    return { table, index, count, offset: cluster * this.#clusterSize };
  }

  /** Frees what an entry refers to, which is about to be another. */
  release(high: number, low: number): void {
    const run = this.#referredBy(high, low);
    if (run !== undefined) this.#writeBack.free(run);
  }

  #l1Index(offset: number): number {
    return Math.floor(offset / (this.#clusterSize * this.#mapping.perTable));
  }

  #referredBy(high: number, low: number): ClusterRun | undefined {
    if ((high & COMPRESSED_HIGH) !== 0) {
      const { offset, length } = this.#mapping.compressedPlace(high, low);
      const first = Math.floor(offset / this.#clusterSize);
      return { first, count: Math.floor((offset + length - 1) / this.#clusterSize) - first + 1 };
    }
    const offset = this.#mapping.dataOffset(high, low);
    return offset === 0 ? undefined : { first: offset / this.#clusterSize, count: 1 };
  }

  /** Place of the cluster behind zeroes when it is this image's alone; else 0. */
  #ownZeroes(high: number, low: number): number {
    if ((low & ZERO_LOW) === 0 || (high & COPIED_HIGH) === 0 || (high & COMPRESSED_HIGH) !== 0) return 0;
    const offset = this.#mapping.dataOffset(high, low);
    return overlapsReserved(this.#reserved, offset, this.#clusterSize) ? 0 : offset;
  }

  /** Whether a write to this entry needs a new cluster. */
  #needsCluster(table: Table, index: number): boolean {
    const high = table.view.getUint32(index * ENTRY);
    const low = table.view.getUint32(index * ENTRY + 4);
    if ((high & COPIED_HIGH) === 0 || (high & COMPRESSED_HIGH) !== 0) return true;
    // With the flag: data, or zeroes that have a cluster.
    return this.#mapping.dataOffset(high, low) === 0;
  }

  #writeNew(from: Stretch, slice: TableSlice, within: number, most: number): number {
    const { table, index } = slice;
    let wanted = 1;
    while (wanted < slice.count && this.#needsCluster(table, index + wanted)) wanted++;
    const run = this.#writeBack.refcounts.allocate(wanted);
    const host = run.first * this.#clusterSize;
    const length = Math.min(most, run.count * this.#clusterSize - within);
    try {
      // What the file does not reach yet reads as zeroes.
      this.#fill(from, slice.offset, host, within, length, run.count, host >= this.#file.size);
    } catch (error) {
      this.#writeBack.refcounts.release(run);
      throw error;
    }
    for (let entry = 0; entry < run.count; entry++) {
      const at = (index + entry) * ENTRY;
      this.release(table.view.getUint32(at), table.view.getUint32(at + 4));
      const place = host + entry * this.#clusterSize;
      const high = (Math.floor(place / UPPER) & OFFSET_HIGH) | COPIED_HIGH;
      this.#writeBack.setL2(table, index + entry, high >>> 0, place % UPPER);
    }
    return length;
  }

  /**
   * Writes `count` clusters of the disk from `offset` on to `host`, of which none is readable yet: `length` bytes of
   * `from`, `within` bytes into them, and around those what the disk has there now.
   */
  #fill(
    from: Stretch,
    offset: number,
    host: number,
    within: number,
    length: number,
    count: number,
    isFresh: boolean,
  ): void {
    const tail = count * this.#clusterSize - within - length;
    const before = within > 0 ? this.#around(offset, within, isFresh) : undefined;
    const after = tail > 0 ? this.#around(offset + within + length, tail, isFresh) : undefined;
    if (before === undefined && after === undefined) {
      from.writeTo(this.#file, host + within, length);
      return;
    }
    const pieces = from.take(length);
    if (before !== undefined) pieces.unshift(before);
    if (after !== undefined) pieces.push(after);
    const at = before === undefined ? host + within : host;
    const all = length + (before?.length ?? 0) + (after?.length ?? 0);
    new Stretch(pieces, all).writeTo(this.#file, at, all);
  }

  /** What the disk has at `offset`; undefined when that need not be written. */
  #around(offset: number, length: number, isFresh: boolean): Uint8Array | undefined {
    if (isFresh && this.#readsZero(offset, length)) return undefined;
    const bytes = new Uint8Array(length);
    this.#layer.read(new Stretch([bytes], length), offset, length);
    return bytes;
  }

  /** Whether a part of one cluster is known to read as zeroes. */
  #readsZero(offset: number, length: number): boolean {
    if (offset >= this.#layer.size) return true;
    const { kind } = this.#mapping.find(offset, Math.min(length, this.#layer.size - offset));
    const backed = this.#layer.backing?.size ?? 0;
    return kind === 'zero' || (kind === 'unallocated' && backed <= offset);
  }
}
