import type { HostFile } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { Random } from './random.ts';

const SECTOR = 512;

/** What a file was asked to change, in order. */
export type HostFileChange =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'punch'; readonly offset: number; readonly length: number }
  | { readonly kind: 'sync' };

/** A file in a test's hands: it remembers what it was asked, and fails when it is told to. */
export interface FakeHostFile extends HostFile {
  readonly log: readonly HostFileChange[];
  /** How often `read` was called. */
  readonly reads: number;
  /** Asked before each change; what it returns is the `code` of the error that is thrown instead. */
  fault: ((change: HostFileChange) => string | undefined) | undefined;
  /** Asked before each read, likewise. */
  readFault: (() => string | undefined) | undefined;
  /** A copy of everything. */
  contents(): Uint8Array;
}

/** Options of {@link fakeHostFile}. */
export interface FakeHostFileOptions {
  readonly bytes?: Uint8Array;
  readonly readOnly?: boolean;
}

/** Bytes that grow; small enough to be in memory as a whole. */
class Store {
  #bytes = new Uint8Array(0);
  size = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  apply(change: HostFileChange): void {
    if (change.kind === 'write' && change.bytes.length > 0) {
      this.#resize(Math.max(this.size, change.offset + change.bytes.length));
      this.#bytes.set(change.bytes, change.offset);
    } else if (change.kind === 'truncate') {
      this.#bytes.fill(0, Math.min(change.size, this.size));
      this.#resize(change.size);
    } else if (change.kind === 'punch') {
      this.bytes.fill(0, change.offset, change.offset + change.length);
    }
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length, 4096));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.size = size;
  }
}

export const fakeHostFile = ({
  bytes = new Uint8Array(0),
  readOnly = false,
}: FakeHostFileOptions = {}): FakeHostFile => {
  const store = new Store();
  store.apply({ kind: 'write', offset: 0, bytes });
  const log: HostFileChange[] = [];
  let reads = 0;
  let closed = false;
  const check = (code: string | undefined): void => {
    const found = closed ? 'EBADF' : code;
    if (found !== undefined) throw Object.assign(new Error(`${found}: a fake file`), { code: found });
  };
  const change = (asked: HostFileChange): void => {
    check(readOnly && asked.kind !== 'sync' ? 'EBADF' : file.fault?.(asked));
    log.push(asked);
    store.apply(asked);
  };
  const file: FakeHostFile = {
    name: 'fake',
    readOnly,
    fault: undefined,
    readFault: undefined,
    log,
    get reads() {
      return reads;
    },
    get size() {
      return store.size;
    },
    contents: () => store.bytes.slice(),
    read: (offset, into) => {
      check(file.readFault?.());
      reads++;
      const found = store.bytes.subarray(offset, offset + into.length);
      into.set(found);
      return found.length;
    },
    write: (offset, from) => change({ kind: 'write', offset, bytes: from.slice() }),
    sync: () => change({ kind: 'sync' }),
    truncate: (size) => change({ kind: 'truncate', size }),
    punchHole: (offset, length) => change({ kind: 'punch', offset, length }),
    close: () => {
      closed = true;
    },
  };
  return file;
};

/**
 * What is left of a file of which the host lost power after the first `count` changes: everything up to the last
 * sync among them, and of what came later each sector or not. As any version of a sector may be the last that
 * reached the medium, this covers every order in which they may have been written.
 */
export const contentsAfterCrash = (
  before: Uint8Array,
  log: readonly HostFileChange[],
  count: number,
  random: Random,
): Uint8Array => {
  if (count > log.length) throw errors.make('VIV_TESTKIT_SETUP', `the log has ${log.length} changes, not ${count}`);
  const lastSync = log.findLastIndex((change, index) => index < count && change.kind === 'sync');
  const store = new Store();
  store.apply({ kind: 'write', offset: 0, bytes: before });
  // Some runs lose nearly everything and some nearly nothing: evenly mixed losses hide what depends on order.
  const kept = random(5);
  const survives = (): boolean => (kept === 4 ? random(8) > 0 : kept === 0 ? random(8) === 0 : random(4) < kept);
  for (const [index, change] of log.entries()) {
    if (index >= count) break;
    if (index <= lastSync) {
      store.apply(change);
    } else if (change.kind !== 'write') {
      if (survives()) store.apply(change);
    } else {
      for (let done = 0; done < change.bytes.length; ) {
        const length = Math.min(SECTOR - ((change.offset + done) % SECTOR), change.bytes.length - done);
        const bytes = change.bytes.subarray(done, done + length);
        if (survives()) store.apply({ kind: 'write', offset: change.offset + done, bytes });
        done += length;
      }
    }
  }
  return store.bytes.slice();
};
