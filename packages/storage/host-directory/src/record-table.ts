import type { FsErrno, FsName } from '@vivarium/contracts';
import { Budget, ExtendedAttributes } from '@vivarium/fs-backend';

/** What the guest sees of a file that the host does not keep. Absent: as the host has it. */
export interface FileRecord {
  readonly uid?: number;
  readonly gid?: number;
  /** Whole mode, type included, and what the host's was then: where that changed since, its permissions count. */
  readonly mode?: number;
  readonly hostMode?: number;
  readonly rdev?: number;
  readonly extended?: Readonly<Record<FsName, string>>;
}

/** Where records survive the machine: told of every change, in order. */
export interface RecordStore {
  load(): ReadonlyMap<string, FileRecord>;
  /** Undefined: the record is gone. */
  changed(key: string, record: FileRecord | undefined): void;
  /** So much of what it holds is no longer so that it should be written anew. */
  readonly wasteful: boolean;
  rewrite(records: Iterable<readonly [string, FileRecord]>): void;
}

/** Owner, mode and device number of a file. */
export type Overrides = Omit<FileRecord, 'extended'>;

interface Entry {
  overrides: Overrides;
  readonly extended: ExtendedAttributes;
}

/** Records of all files that have one. */
export class RecordTable {
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #attributes: Budget;
  readonly #store: RecordStore | undefined;

  /**
   * @param most records
   * @param attributeBytes of the extended attributes of all files
   */
  constructor(most: number, attributeBytes: number, store: RecordStore | undefined) {
    this.#most = most;
    this.#attributes = new Budget(attributeBytes);
    for (const [key, { extended, ...overrides }] of store?.load() ?? []) {
      if (this.#entries.size >= most) break;
      const entry = this.#make(key, overrides);
      for (const [name, value] of Object.entries(extended ?? {})) entry.extended.set(name, fromHex(value), 'any');
    }
    this.#store = store;
  }

  overrides(key: string): Overrides | undefined {
    return this.#entries.get(key)?.overrides;
  }

  /** Replaces what a record says but for extended attributes. `ENOSPC` when there are too many. */
  override(key: string, overrides: Overrides): FsErrno | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      if (isEmpty(overrides)) return undefined;
      if (this.#entries.size >= this.#most) return 'ENOSPC';
      this.#make(key, overrides);
    } else entry.overrides = overrides;
    this.#settle(key);
    return undefined;
  }

  extended(key: string): ExtendedAttributes | undefined {
    return this.#entries.get(key)?.extended;
  }

  /** Calls `change` with the attributes of a file, and keeps what comes out of it. */
  changeExtended(key: string, change: (extended: ExtendedAttributes) => FsErrno | undefined): FsErrno | undefined {
    if (!this.#entries.has(key) && this.#entries.size >= this.#most) return 'ENOSPC';
    const entry = this.#entries.get(key) ?? this.#make(key, {});
    const fault = change(entry.extended);
    if (fault === undefined) this.#settle(key);
    else if (isEmpty(entry.overrides) && entry.extended.size === 0) this.#entries.delete(key);
    return fault;
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.extended.clear();
    this.#entries.delete(key);
    this.#tell(key, undefined);
  }

  #make(key: string, overrides: Overrides): Entry {
    const entry = { overrides, extended: new ExtendedAttributes(this.#attributes) };
    this.#entries.set(key, entry);
    return entry;
  }

  /** A record that says nothing goes; every other is told to the store. */
  #settle(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { overrides, extended } = entry;
    if (isEmpty(overrides) && extended.size === 0) {
      this.remove(key);
      return;
    }
    if (this.#store !== undefined) this.#tell(key, recordOf(entry));
  }

  #tell(key: string, record: FileRecord | undefined): void {
    this.#store?.changed(key, record);
    if (this.#store?.wasteful === true) this.#store.rewrite(this.#all());
  }

  *#all(): IterableIterator<readonly [string, FileRecord]> {
    for (const [key, entry] of this.#entries) yield [key, recordOf(entry)];
  }
}

const recordOf = ({ overrides, extended }: Entry): FileRecord => {
  if (extended.size === 0) return overrides;
  return {
    ...overrides,
    extended: Object.fromEntries([...extended.entries()].map(([name, value]) => [name, toHex(value)])),
  };
};

const isEmpty = (overrides: Overrides): boolean => Object.keys(overrides).length === 0;

const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Digits that are none read as 0. */
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from({ length: Math.floor(text.length / 2) }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
