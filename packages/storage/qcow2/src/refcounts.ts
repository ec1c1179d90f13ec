import type { HostFile } from '@vivarium/contracts';
import { PlatformError } from '@vivarium/host-file';
import { DamagedImage } from './errors.ts';
import { ENTRY, HEADER, MAX_OFFSET, MAX_REFCOUNT_TABLE_BYTES, OFFSET_LOW, UPPER } from './format.ts';
import { RefcountWidth } from './refcount-width.ts';
import { overlapsReserved, type ReservedRange } from './reserved.ts';
import { Table } from './table.ts';
import { TableCache } from './table-cache.ts';

/** What the reference counts need to know of the image. */
export interface RefcountSettings {
  readonly file: HostFile;
  readonly clusterSize: number;
  readonly order: number;
  readonly tableOffset: number;
  readonly tableClusters: number;
  /** Most blocks in memory. */
  readonly cacheLimit: number;
  /** Where no cluster may be given out, besides the table itself. */
  readonly reserved: readonly ReservedRange[];
  /** Whether a table of the image is known to be at `offset`. */
  readonly isTable: (offset: number) => boolean;
  /** Makes everything that refers to clusters durable, as {@link Refcounts} needs it before its table moves. */
  readonly commit: () => void;
}

/** Clusters that follow each other. */
export interface ClusterRun {
  /** Number of the first; its place is this times the size of a cluster. */
  readonly first: number;
  readonly count: number;
}

/**
 * Which clusters of the file are in use: a table of blocks of counts. Blocks may be written at any time: a count is
 * raised before anything refers to the cluster, and lowered only once nothing in the file does any more.
 */
export class Refcounts {
  readonly #settings: RefcountSettings;
  readonly #file: HostFile;
  readonly #clusterSize: number;
  readonly #width: RefcountWidth;
  readonly #perBlock: number;
  readonly #blocks: TableCache;
  #table: Table;
  /** No cluster before this one is free. */
  #hint = 0;

  constructor(settings: RefcountSettings) {
    this.#settings = settings;
    this.#file = settings.file;
    this.#clusterSize = settings.clusterSize;
    this.#width = new RefcountWidth(settings.order);
    this.#perBlock = this.#width.entriesIn(settings.clusterSize);
    this.#blocks = new TableCache(settings.file, settings.clusterSize, settings.cacheLimit);
    const bytes = new Uint8Array(settings.tableClusters * settings.clusterSize);
    this.#file.read(settings.tableOffset, bytes);
    this.#table = new Table(settings.tableOffset, bytes, false);
  }

  get hasDirty(): boolean {
    return this.#blocks.hasDirty;
  }

  /** Whether blocks were made that the table in the file does not have yet. */
  get hasNewBlocks(): boolean {
    return this.#table.isDirty;
  }

  /** Takes up to `wanted` free clusters that follow each other, at least one. Throws `ENOSPC` when there is none. */
  allocate(wanted: number): ClusterRun {
    this.#relieve();
    const first = this.#firstFree();
    let count = 1;
    // Not across the end of a block: what follows there may need a block of its own, which takes a cluster.
    const end = (Math.floor(first / this.#perBlock) + 1) * this.#perBlock;
    const block = this.#block(first);
    if (block === undefined) throw new DamagedImage('a block of reference counts is gone');
    while (count < wanted && first + count < end && this.#width.get(block, (first + count) % this.#perBlock) === 0) {
      count++;
    }
    this.#checkFree(first, count);
    for (let cluster = first; cluster < first + count; cluster++) this.#add(cluster, 1);
    this.#hint = first + count;
    return { first, count };
  }

  /** Undoes an allocation that nothing refers to. */
  release({ first, count }: ClusterRun): void {
    for (let cluster = first; cluster < first + count; cluster++) this.#add(cluster, -1);
    this.#hint = Math.min(this.#hint, first);
  }

  /** Lowers the counts of clusters that one thing less refers to, in the file as well. Says which ones are free now. */
  lower({ first, count }: ClusterRun, onFree: (cluster: number) => void): void {
    for (let cluster = first; cluster < first + count; cluster++) {
      this.#relieve();
      const block = this.#block(cluster);
      const index = cluster % this.#perBlock;
      // An image that counted wrong: what is free already stays free.
      if (block === undefined || this.#width.get(block, index) === 0) continue;
      this.#add(cluster, -1);
      if (this.#width.get(block, index) !== 0) continue;
      if (cluster < this.#hint) this.#hint = cluster;
      onFree(cluster);
    }
  }

  /** Writes the blocks; the table, which refers to new ones, must follow after a sync. */
  writeBlocks(): void {
    this.#blocks.writeDirty('all');
  }

  writeTable(): void {
    const { offset, bytes } = this.#table.dirtyPart();
    this.#file.write(offset, bytes);
  }

  /** Everything is in the file. */
  markClean(): void {
    this.#blocks.markClean();
    this.#table.markClean();
  }

  /** Whether the table or a block that is in memory lies at `offset`. */
  isTable(offset: number): boolean {
    const { offset: table, bytes } = this.#table;
    return (offset >= table && offset < table + bytes.length) || this.#blocks.has(offset);
  }

  /** Blocks may be written whenever it suits. */
  #relieve(): void {
    if (!this.#blocks.isCrowded) return;
    this.#blocks.writeDirty('all');
    this.#blocks.markClean();
  }

  /** The block that counts `cluster`; undefined when there is none, and so no cluster of it is in use. */
  #block(cluster: number): Table | undefined {
    const at = Math.floor(cluster / this.#perBlock) * ENTRY;
    if (at >= this.#table.bytes.length) return undefined;
    // What `&` makes is signed.
    const low = (this.#table.view.getUint32(at + 4) & OFFSET_LOW) >>> 0;
    const offset = this.#table.view.getUint32(at) * UPPER + low;
    if (offset === 0) return undefined;
    const fits = offset % this.#clusterSize === 0 && offset < MAX_OFFSET;
    if (!fits || overlapsReserved(this.#settings.reserved, offset, this.#clusterSize)) {
      throw new DamagedImage(`a block of reference counts is at ${offset}`);
    }
    return this.#blocks.get(offset);
  }

  #firstFree(): number {
    for (let cluster = this.#hint; ; ) {
      if (cluster * this.#clusterSize >= MAX_OFFSET) throw new PlatformError('ENOSPC', 'the image is full');
      if (Math.floor(cluster / this.#perBlock) * ENTRY >= this.#table.bytes.length) {
        this.#grow();
        continue;
      }
      const block = this.#block(cluster);
      if (block === undefined) {
        cluster = this.#makeBlock(cluster);
        continue;
      }
      const index = cluster % this.#perBlock;
      const free = this.#width.firstFree(block, index, this.#perBlock);
      cluster += free - index;
      this.#hint = cluster;
      if (free < this.#perBlock) return cluster;
    }
  }

  /** Makes the block that counts `cluster`, in that very cluster, and returns the next one. */
  #makeBlock(cluster: number): number {
    this.#checkFree(cluster, 1);
    const offset = cluster * this.#clusterSize;
    const block = this.#blocks.create(offset, new Uint8Array(this.#clusterSize));
    this.#width.add(block, cluster % this.#perBlock, 1);
    this.#setTableEntry(this.#table, Math.floor(cluster / this.#perBlock), offset);
    return cluster + 1;
  }

  #setTableEntry(table: Table, index: number, offset: number): void {
    const at = index * ENTRY;
    table.view.setUint32(at, Math.floor(offset / UPPER));
    table.view.setUint32(at + 4, offset % UPPER);
    table.markDirty(at, at + ENTRY);
  }

  #add(cluster: number, difference: -1 | 1): void {
    const block = this.#block(cluster);
    if (block === undefined) throw new DamagedImage(`cluster ${cluster} has no reference count`);
    const index = cluster % this.#perBlock;
    this.#width.add(block, index, difference);
    this.#blocks.markDirty(block, ...this.#width.bytesOf(index, index + 1));
  }

  /** What the counts call free must not be what we know to be in use. */
  #checkFree(first: number, count: number): void {
    const offset = first * this.#clusterSize;
    const length = count * this.#clusterSize;
    let inUse = overlapsReserved(this.#settings.reserved, offset, length);
    for (let at = offset; at < offset + length && !inUse; at += this.#clusterSize) {
      inUse = this.isTable(at) || this.#settings.isTable(at);
    }
    if (inUse) throw new DamagedImage(`the reference counts call cluster ${first} free, which is in use`);
  }

  /**
   * Moves the table to a larger place, behind everything that it can count, where all clusters are free. The new
   * place and the blocks that count it are in the file before the header refers to them, in one sector.
   */
  #grow(): void {
    this.#settings.commit();
    const old = this.#table;
    const oldBlocks = old.bytes.length / ENTRY;
    const first = oldBlocks * this.#perBlock;
    const perCluster = this.#clusterSize / ENTRY;
    const room = Math.ceil((oldBlocks * 3) / 2);
    let blocks = 1;
    let clusters = 1;
    for (;;) {
      const neededBlocks = Math.ceil((blocks + clusters) / this.#perBlock);
      const neededClusters = Math.ceil(Math.max(room, oldBlocks + blocks) / perCluster);
      if (neededBlocks <= blocks && neededClusters <= clusters) break;
      blocks = Math.max(blocks, neededBlocks);
      clusters = Math.max(clusters, neededClusters);
    }
    if (clusters * this.#clusterSize > MAX_REFCOUNT_TABLE_BYTES) {
      throw new PlatformError('ENOSPC', 'the image cannot count more clusters');
    }
    if ((first + blocks + clusters) * this.#clusterSize >= MAX_OFFSET)
      throw new PlatformError('ENOSPC', 'the image is full');
    this.#checkFree(first, blocks + clusters);

    const table = new Table((first + blocks) * this.#clusterSize, new Uint8Array(clusters * this.#clusterSize), true);
    table.bytes.set(old.bytes);
    const made: Table[] = [];
    for (let index = 0; index < blocks; index++) {
      const offset = (first + index) * this.#clusterSize;
      const block = new Table(offset, new Uint8Array(this.#clusterSize), true);
      const counted = Math.min(this.#perBlock, blocks + clusters - index * this.#perBlock);
      for (let entry = 0; entry < counted; entry++) this.#width.add(block, entry, 1);
      this.#setTableEntry(table, oldBlocks + index, offset);
      made.push(block);
    }
    for (const block of made) this.#file.write(block.offset, block.bytes);
    this.#file.write(table.offset, table.bytes);
    this.#file.sync();
    const header = new DataView(new ArrayBuffer(12));
    header.setUint32(0, Math.floor(table.offset / UPPER));
    header.setUint32(4, table.offset % UPPER);
    header.setUint32(8, clusters);
    this.#file.write(HEADER.refcount_table_offset, new Uint8Array(header.buffer));
    this.#file.sync();

    table.markClean();
    table.isNew = false;
    this.#table = table;
    this.#hint = first + blocks + clusters;
    this.lower({ first: old.offset / this.#clusterSize, count: old.bytes.length / this.#clusterSize }, () => {});
  }
}
