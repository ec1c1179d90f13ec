import type { HostFile } from '@vivarium/contracts';
import { COPIED_HIGH, ENTRY, HEADER, UPPER } from './format.ts';
import type { Header } from './header.ts';
import type { Mapping } from './mapping.ts';
import { type ClusterRun, Refcounts } from './refcounts.ts';
import type { ReservedRange } from './reserved.ts';
import type { Table } from './table.ts';

/** Runs of clusters that wait to be freed before they are freed on our own account. */
const MOST_WAITING = 4096;

/** What a {@link WriteBack} works on. */
export interface WriteBackSettings {
  readonly file: HostFile;
  readonly header: Header;
  readonly mapping: Mapping;
  /** Most blocks of reference counts in memory. */
  readonly cacheLimit: number;
  readonly reserved: readonly ReservedRange[];
  /** Clusters became free: what was read from them must not be used again. */
  readonly onFree: () => void;
  /** Told of what went wrong where that costs room and nothing else. */
  readonly onLeak: (error: unknown) => void;
}

/**
 * Changes to the tables of an image, kept in memory and written in an order that leaves a sound image whenever it is
 * cut off. In the file, a cluster is counted before anything refers to it, what is referred to is there before the
 * reference, and a count is lowered, and the cluster used again, only once the reference is gone:
 *
 * 1. data and new L2 tables, which nothing refers to, and blocks of counts; sync
 * 2. references to new blocks of counts; sync
 * 3. references to data and to L2 tables; sync
 * 4. the clusters that lost their last reference are free in memory, and in the file with the next commit
 *
 * A crash loses at most what was not committed, and leaves clusters that are counted though nothing refers to them.
 */
export class WriteBack {
  readonly refcounts: Refcounts;
  readonly #settings: WriteBackSettings;
  #waiting: ClusterRun[] = [];
  #hasAutoclear: boolean;
  /** A sync failed: the file may lack anything from then on (see SyncLatch), and so nothing is committed any more. */
  #failure: { readonly error: unknown } | undefined;

  constructor(settings: WriteBackSettings) {
    this.#settings = settings;
    const { file, header, mapping, cacheLimit, reserved } = settings;
    this.#hasAutoclear = header.hasAutoclear;
    this.refcounts = new Refcounts({
      file,
      clusterSize: header.clusterSize,
      order: header.refcountOrder,
      tableOffset: header.refcountTableOffset,
      tableClusters: header.refcountTableClusters,
      cacheLimit,
      reserved,
      isTable: (offset) => mapping.l2.has(offset),
      commit: () => this.commit(),
    });
  }

  /** Before each change: makes room in the cache. */
  prepare(): void {
    if (this.#hasAutoclear) {
      // What these features keep (bitmaps, for one) is not kept from here on.
      this.#settings.file.write(HEADER.autoclear_features, new Uint8Array(8));
      this.#sync();
      this.#hasAutoclear = false;
    }
    if (this.#settings.mapping.l2.isCrowded || this.#waiting.length >= MOST_WAITING) this.commit();
  }

  /** The L2 table of an L1 entry, to be changed: made, or copied from one that a snapshot has as well. */
  writableL2(l1Index: number): Table {
    const { mapping } = this.#settings;
    const old = mapping.l2Offset(l1Index);
    if (old !== 0 && mapping.ownsL2(l1Index)) return mapping.l2.get(old);
    const content = old === 0 ? new Uint8Array(mapping.clusterSize) : mapping.l2.get(old).bytes.slice();
    const { first } = this.refcounts.allocate(1);
    const offset = first * mapping.clusterSize;
    const table = mapping.l2.create(offset, content);
    this.#setEntry(mapping.l1, l1Index, (Math.floor(offset / UPPER) | COPIED_HIGH) >>> 0, offset % UPPER);
    mapping.l1.markDirty(l1Index * ENTRY, (l1Index + 1) * ENTRY);
    if (old !== 0) this.free({ first: old / mapping.clusterSize, count: 1 });
    return table;
  }

  /** Sets the entry of a cluster in a table that is writable. */
  setL2(table: Table, index: number, high: number, low: number): void {
    this.#setEntry(table, index, high, low);
    this.#settings.mapping.l2.markDirty(table, index * ENTRY, (index + 1) * ENTRY);
  }

  /** One reference to these clusters is gone from the tables in memory. */
  free({ first, count }: ClusterRun): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.first + last.count === first) {
      this.#waiting[this.#waiting.length - 1] = { first: last.first, count: last.count + count };
    } else {
      this.#waiting.push({ first, count });
    }
  }

  /** Makes everything that was written survive. Throws what the file threw, and then may be called again. */
  commit(): void {
    const { mapping } = this.#settings;
    const { refcounts } = this;
    const hasReferences = mapping.l1.isDirty || mapping.l2.hasDirty;
    refcounts.writeBlocks();
    mapping.l2.writeDirty('new');
    this.#sync();
    if (refcounts.hasNewBlocks) {
      refcounts.writeTable();
      this.#sync();
    }
    refcounts.markClean();
    if (!hasReferences) return;
    mapping.l2.writeDirty('known');
    if (mapping.l1.isDirty) {
      const { offset, bytes } = mapping.l1.dirtyPart();
      this.#settings.file.write(offset, bytes);
    }
    this.#sync();
    mapping.l2.markClean();
    mapping.l1.markClean();
    this.#freeWaiting();
  }

  /** Commits, and writes the counts of what became free with it. */
  close(): void {
    this.commit();
    if (this.refcounts.hasDirty || this.refcounts.hasNewBlocks) this.commit();
  }

  #freeWaiting(): void {
    const { file, mapping } = this.#settings;
    const { clusterSize } = mapping;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#settings.onFree();
    for (const run of waiting) {
      let hole = 0;
      let holeEnd = 0;
      const punch = (): void => {
        if (hole < holeEnd) file.punchHole?.(hole * clusterSize, (holeEnd - hole) * clusterSize);
      };
      try {
        this.refcounts.lower(run, (cluster) => {
          mapping.l2.drop(cluster * clusterSize);
          if (cluster !== holeEnd) {
            punch();
            hole = cluster;
          }
          holeEnd = cluster + 1;
        });
        punch();
      } catch (error) {
        // The commit is done; what could not be freed is lost room.
        this.#settings.onLeak(error);
      }
    }
  }

  #setEntry({ view }: Table, index: number, high: number, low: number): void {
    view.setUint32(index * ENTRY, high);
    view.setUint32(index * ENTRY + 4, low);
  }

  #sync(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      this.#settings.file.sync();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
