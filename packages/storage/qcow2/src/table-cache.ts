import type { HostFile } from '@vivarium/contracts';
import { Table } from './table.ts';

/**
 * Tables of one cluster each, by their place in the file. Beyond `limit` it forgets clean ones that were not used
 * lately (second chance); dirty ones stay until they are written, so whoever makes tables dirty asks
 * {@link isCrowded} between requests.
 */
export class TableCache {
  readonly #file: HostFile;
  readonly #clusterSize: number;
  readonly #limit: number;
  readonly #tables = new Map<number, Table>();
  readonly #dirty = new Set<Table>();
  #last: Table | undefined;

  constructor(file: HostFile, clusterSize: number, limit: number) {
    this.#file = file;
    this.#clusterSize = clusterSize;
    this.#limit = limit;
  }

  /** Whether half of the room is taken by what must be written. */
  get isCrowded(): boolean {
    return this.#dirty.size * 2 >= this.#limit;
  }

  get hasDirty(): boolean {
    return this.#dirty.size > 0;
  }

  has(offset: number): boolean {
    return this.#tables.has(offset);
  }

  /** The table at `offset`, from the file if need be; what the file does not reach is zeroes. */
  get(offset: number): Table {
    const last = this.#last;
    if (last !== undefined && last.offset === offset) return last;
    let table = this.#tables.get(offset);
    if (table === undefined) {
      const bytes = new Uint8Array(this.#clusterSize);
      const count = this.#file.read(offset, bytes);
      if (count < bytes.length) bytes.fill(0, count);
      table = this.#add(new Table(offset, bytes, false));
    }
    table.used = true;
    this.#last = table;
    return table;
  }

  /** A new table at `offset`, dirty as a whole, that takes `bytes`. */
  create(offset: number, bytes: Uint8Array): Table {
    const table = this.#add(new Table(offset, bytes, true));
    this.markDirty(table, 0, bytes.length);
    return table;
  }

  /** Forgets a table that is one no more. */
  drop(offset: number): void {
    const table = this.#tables.get(offset);
    if (table === undefined) return;
    this.#tables.delete(offset);
    this.#dirty.delete(table);
    if (this.#last === table) this.#last = undefined;
  }

  markDirty(table: Table, from: number, to: number): void {
    table.markDirty(from, to);
    this.#dirty.add(table);
    // It may have been forgotten since the caller got it.
    this.#tables.set(table.offset, table);
  }

  /** Writes what is dirty; it is clean only after {@link markClean}, so that a write that fails is done again. */
  writeDirty(which: 'all' | 'new' | 'known'): void {
    for (const table of this.#dirty) {
      if (which !== 'all' && table.isNew !== (which === 'new')) continue;
      const { offset, bytes } = table.dirtyPart();
      this.#file.write(offset, bytes);
    }
  }

  markClean(): void {
    for (const table of this.#dirty) {
      table.markClean();
      table.isNew = false;
    }
    this.#dirty.clear();
  }

  #add(table: Table): Table {
    this.drop(table.offset);
    if (this.#tables.size >= this.#limit) this.#forget();
    this.#tables.set(table.offset, table);
    return table;
  }

  #forget(): void {
    // Twice round: the first round may only take away second chances.
    for (let left = 2 * this.#tables.size; left > 0; left--) {
      const [oldest] = this.#tables;
      if (oldest === undefined) return;
      const [offset, table] = oldest;
      this.#tables.delete(offset);
      if (!table.used && !table.isDirty) {
        if (this.#last === table) this.#last = undefined;
        return;
      }
      table.used = false;
      this.#tables.set(offset, table);
    }
  }
}
