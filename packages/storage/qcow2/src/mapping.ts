// Hot code: each request of a guest is looked up here. Benchmark: test/qemu-bench.ts.
import type { HostFile } from '@vivarium/contracts';
import { DamagedImage } from './errors.ts';
import type { CompressedPlace, Extent } from './extent.ts';
import { COMPRESSED_HIGH, COPIED_HIGH, ENTRY, MAX_OFFSET, OFFSET_HIGH, OFFSET_LOW, UPPER, ZERO_LOW } from './format.ts';
import type { Header } from './header.ts';
import { overlapsReserved, type ReservedRange } from './reserved.ts';
import { Table } from './table.ts';
import { TableCache } from './table-cache.ts';

/** Where the clusters of the disk are: the L1 table, in memory as a whole, and the L2 tables, as they are needed. */
export class Mapping {
  readonly clusterSize: number;
  /** Entries of an L2 table. */
  readonly perTable: number;
  readonly l1: Table;
  readonly l2: TableCache;
  readonly #version: number;
  readonly #reserved: readonly ReservedRange[];
  /** Used again for each look-up; a look-up ends before the next one begins. */
  readonly #extent: Extent = { kind: 'unallocated', length: 0, host: 0, isOwn: false, high: 0, low: 0 };

  constructor(file: HostFile, header: Header, cacheLimit: number, reserved: readonly ReservedRange[]) {
    this.clusterSize = header.clusterSize;
    this.perTable = header.clusterSize / ENTRY;
    this.#version = header.version;
    this.#reserved = reserved;
    const l1 = new Uint8Array(header.l1Entries * ENTRY);
    file.read(header.l1Offset, l1);
    this.l1 = new Table(header.l1Offset, l1, false);
    this.l2 = new TableCache(file, header.clusterSize, cacheLimit);
  }

  /** Place of an L2 table; 0 when there is none. */
  l2Offset(l1Index: number): number {
    const { view } = this.l1;
    const at = l1Index * ENTRY;
    const offset = (view.getUint32(at) & OFFSET_HIGH) * UPPER + ((view.getUint32(at + 4) & OFFSET_LOW) >>> 0);
    if (offset === 0) return 0;
    const fits = offset % this.clusterSize === 0 && offset < MAX_OFFSET;
    if (!fits || overlapsReserved(this.#reserved, offset, this.clusterSize)) {
      throw new DamagedImage(`an L2 table is at ${offset}`);
    }
    return offset;
  }

  /** Whether nothing else refers to an L2 table, so that it may be changed. */
  ownsL2(l1Index: number): boolean {
    return (this.l1.view.getUint32(l1Index * ENTRY) & COPIED_HIGH) !== 0;
  }

  /** What the disk has at `offset`, for at most `most` bytes; valid until the next call. */
  find(offset: number, most: number): Extent {
    const extent = this.#extent;
    const { clusterSize, perTable } = this;
    const cluster = Math.floor(offset / clusterSize);
    const within = offset - cluster * clusterSize;
    const l1Index = Math.floor(cluster / perTable);
    const index = cluster - l1Index * perTable;
    const limit = Math.min(most, (perTable - index) * clusterSize - within);
    const l2Offset = this.l2Offset(l1Index);
    if (l2Offset === 0) {
      extent.kind = 'unallocated';
      extent.length = limit;
      return extent;
    }
    const { view } = this.l2.get(l2Offset);
    // The clusters that the range touches, as entries of the table.
    const end = index + Math.ceil((within + limit) / clusterSize);
    const high = view.getUint32(index * ENTRY);
    const low = view.getUint32(index * ENTRY + 4);
    let next = index + 1;
    if ((high & COMPRESSED_HIGH) !== 0) {
      extent.kind = 'compressed';
      extent.high = high;
      extent.low = low;
    } else if ((low & ZERO_LOW) !== 0) {
      this.#checkZero();
      extent.kind = 'zero';
      while (next < end && isZero(view, next)) next++;
    } else {
      const host = this.dataOffset(high, low);
      if (host === 0) {
        extent.kind = 'unallocated';
        while (next < end && isUnallocated(view, next)) next++;
      } else {
        extent.kind = 'data';
        extent.host = host + within;
        extent.isOwn = (high & COPIED_HIGH) !== 0;
        // As long as each entry is the one before plus a cluster, flags included, they are one piece of the file.
        for (let expected = host + clusterSize; next < end; expected += clusterSize, next++) {
          if (view.getUint32(next * ENTRY + 4) !== expected % UPPER) break;
          const expectedHigh = ((high & ~OFFSET_HIGH) | Math.floor(expected / UPPER)) >>> 0;
          if (view.getUint32(next * ENTRY) !== expectedHigh) break;
        }
      }
    }
    extent.length = Math.min(limit, (next - index) * clusterSize - within);
    return extent;
  }

  /** Place of the cluster that a standard entry names; 0 when it names none. */
  dataOffset(high: number, low: number): number {
    const offset = (high & OFFSET_HIGH) * UPPER + ((low & OFFSET_LOW) >>> 0);
    if (offset % this.clusterSize !== 0 || offset >= MAX_OFFSET) throw new DamagedImage(`a cluster is at ${offset}`);
    return offset;
  }

  /** Where the data of a compressed entry is. */
  compressedPlace(high: number, low: number): CompressedPlace {
    // Of the 62 bits, the upper cluster_bits - 8 count sectors beyond the first; x of the specification, less 32.
    const countBits = Math.log2(this.clusterSize) - 8;
    const shift = 62 - countBits - 32;
    const offset = (high & (2 ** shift - 1)) * UPPER + low;
    const sectors = ((high >>> shift) & (2 ** countBits - 1)) + 1;
    if (offset >= MAX_OFFSET) throw new DamagedImage(`compressed data is at ${offset}`);
    return { offset, length: sectors * 512 - (offset % 512) };
  }

  #checkZero(): void {
    if (this.#version < 3) throw new DamagedImage('an image of version 2 has a cluster of zeroes');
  }
}

const isZero = (view: DataView, index: number): boolean =>
  (view.getUint32(index * ENTRY + 4) & ZERO_LOW) !== 0 && (view.getUint32(index * ENTRY) & COMPRESSED_HIGH) === 0;

const isUnallocated = (view: DataView, index: number): boolean =>
  (view.getUint32(index * ENTRY + 4) & (OFFSET_LOW | ZERO_LOW)) === 0 &&
  (view.getUint32(index * ENTRY) & (OFFSET_HIGH | COMPRESSED_HIGH)) === 0;
