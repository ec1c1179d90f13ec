import {
  FS_ROOT,
  type FsAttributes,
  type FsBackend,
  type FsCaller,
  type FsDirectoryEntry,
  type FsEntry,
  type FsErrno,
  type FsHandle,
  type FsNode,
  type FsOpenMode,
  type FsResult,
} from '@vivarium/contracts';
import { expectThat, neverThrows } from '../conformance.ts';
import type { FsBackendSubject } from './subject.ts';

export interface FsBackendCase {
  readonly id: string;
  readonly title: string;
  readonly run: (bench: Bench, subject: FsBackendSubject) => void;
}

export const ROOT_USER: FsCaller = { uid: 0, gid: 0 };
const BOTH: FsOpenMode = { access: 'both' };

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const show = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'undefined';

/** Fails unless `actual` is `expected`, compared as data. */
export const same = (actual: unknown, expected: unknown, what: string): void =>
  expectThat(show(actual) === show(expected), `${what} must be ${show(expected)}, and is ${show(actual)}`);

/** The value of a call that must succeed. */
export const good = <T>(result: FsResult<T>, what: string): T => {
  if (typeof result === 'string') expectThat(false, `${what} must succeed, and gives ${result}`);
  return result as T;
};

/** Fails unless the call gave one of `faults`. */
export const fails = (result: FsResult<unknown>, faults: FsErrno | readonly FsErrno[], what: string): void => {
  const allowed = typeof faults === 'string' ? [faults] : faults;
  const given = typeof result === 'string' ? result : 'no fault';
  expectThat(
    allowed.some((fault) => fault === given),
    `${what} must give ${allowed.join(' or ')}, and gives ${given}`,
  );
};

/** A backend, and what cases do with it again and again. */
export class Bench {
  readonly backend: FsBackend;

  constructor(backend: FsBackend) {
    this.backend = backend;
  }

  /** A new file with content; held once and closed. */
  file(name: string, text = '', parent: FsNode = FS_ROOT, mode = 0o644): FsEntry {
    const made = good(
      this.backend.create(parent, name, mode, { ...BOTH, exclusive: true }, ROOT_USER),
      `create of ${name}`,
    );
    if (text !== '') this.put(made.handle, 0, text);
    this.backend.release(made.handle);
    return { node: made.node, attributes: this.stat(made.node) };
  }

  directory(name: string, parent: FsNode = FS_ROOT, mode = 0o755): FsEntry {
    return good(this.backend.makeDirectory(parent, name, mode, ROOT_USER), `make directory ${name}`);
  }

  lookup(name: string, parent: FsNode = FS_ROOT): FsEntry {
    return good(this.backend.lookup(parent, name), `lookup of ${name}`);
  }

  open(node: FsNode, mode: FsOpenMode = BOTH): FsHandle {
    return good(this.backend.open(node, mode), 'open');
  }

  stat(node: FsNode): FsAttributes {
    return good(this.backend.getAttributes(node), 'getAttributes');
  }

  put(handle: FsHandle, offset: number, text: string): void {
    same(good(this.backend.write(handle, offset, [bytesOf(text)]), 'write'), text.length, 'how much is written');
  }

  get(handle: FsHandle, offset = 0, length = 4096): string {
    const buffer = new Uint8Array(length);
    return textOf(buffer.subarray(0, good(this.backend.read(handle, offset, [buffer]), 'read')));
  }

  /** Content of a file by its name. */
  content(name: string, parent: FsNode = FS_ROOT): string {
    const handle = this.open(this.lookup(name, parent).node, { access: 'read' });
    const text = this.get(handle);
    this.backend.release(handle);
    return text;
  }

  /** All entries of a directory, read `limit` at a time. */
  list(node: FsNode, limit = 100): readonly FsDirectoryEntry[] {
    const handle = good(this.backend.openDirectory(node), 'openDirectory');
    const entries = this.listing(handle, limit);
    this.backend.release(handle);
    return entries;
  }

  /** All entries of an open directory. */
  listing(handle: FsHandle, limit = 100, from = 0): readonly FsDirectoryEntry[] {
    const entries: FsDirectoryEntry[] = [];
    for (let cookie = from; ; ) {
      const page = neverThrows('readDirectory', () => this.backend.readDirectory(handle, cookie, limit));
      const some = good(page, `readDirectory from ${cookie}`);
      expectThat(some.length <= limit, `readDirectory must give at most ${limit} entries, and gives ${some.length}`);
      const last = some.at(-1);
      if (last === undefined) return entries;
      entries.push(...some);
      expectThat(entries.length < 100_000, 'readDirectory must come to an end');
      cookie = last.cookie;
    }
  }

  /** Names of a directory but `.` and `..`, sorted. */
  names(node: FsNode = FS_ROOT, limit = 100): readonly string[] {
    return this.list(node, limit)
      .map(({ name }) => name)
      .filter((name) => name !== '.' && name !== '..')
      .sort();
  }
}
