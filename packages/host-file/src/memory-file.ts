import type { HostFile } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { PlatformError } from './platform-error.ts';

/** Unit in which memory is taken: what was never written costs nothing. */
const PAGE = 64 * 1024;

/** Options of {@link memoryFile}. */
export interface MemoryFileOptions {
  /** For messages. Default `memory`. */
  readonly name?: string;
  /** What it holds at first; copied. */
  readonly bytes?: Uint8Array;
  /** Most bytes of memory it takes, rounded up to pages of 64 KiB; a write beyond throws `ENOSPC`. Default unlimited. */
  readonly limit?: number;
  /** Writes throw `EBADF`, as they do on a file that is open for reading. Default false. */
  readonly readOnly?: boolean;
}

/** A sparse file in memory. */
export class MemoryFile implements HostFile {
  readonly name: string;
  readonly readOnly: boolean;
  readonly #limit: number;
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;
  #closed = false;

  /** Throws `VIV_HOST_FILE_LIMIT` when `bytes` is more than `limit`. */
  constructor({ name = 'memory', bytes, limit = Number.POSITIVE_INFINITY, readOnly = false }: MemoryFileOptions = {}) {
    this.name = name;
    this.#limit = Math.ceil(limit / PAGE) * PAGE;
    if (bytes !== undefined) {
      if (bytes.length > this.#limit) {
        throw errors.make('VIV_HOST_FILE_LIMIT', `${name} begins with ${bytes.length} bytes; its limit is ${limit}`);
      }
      this.#put(0, bytes);
      this.#size = bytes.length;
    }
    this.readOnly = readOnly;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory it takes. */
  get allocated(): number {
    return this.#pages.size * PAGE;
  }

  /** A copy of everything. */
  contents(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    this.read(0, bytes);
    return bytes;
  }

  read(offset: number, into: Uint8Array): number {
    this.#check(offset, false);
    const length = Math.max(0, Math.min(into.length, this.#size - offset));
    for (let done = 0; done < length; ) {
      const within = (offset + done) % PAGE;
      const count = Math.min(PAGE - within, length - done);
      const page = this.#pages.get((offset + done - within) / PAGE);
      if (page === undefined) into.fill(0, done, done + count);
      else into.set(page.subarray(within, within + count), done);
      done += count;
    }
    return length;
  }

  write(offset: number, from: Uint8Array): void {
    this.#check(offset, true);
    if (from.length === 0) return;
    const end = offset + from.length;
    if (!Number.isSafeInteger(end)) throw new PlatformError('EFBIG', `${this.name}: no file is ${end} bytes long`);
    this.#put(offset, from);
    this.#size = Math.max(this.#size, end);
  }

  sync(): void {
    this.#check(0, false);
  }

  truncate(size: number): void {
    this.#check(size, true);
    if (size < this.#size) this.#clear(size, this.#size - size);
    this.#size = size;
  }

  punchHole(offset: number, length: number): void {
    this.#check(offset, true);
    this.#clear(offset, Math.max(0, Math.min(length, this.#size - offset)));
  }

  close(): void {
    this.#closed = true;
    this.#pages.clear();
    this.#size = 0;
  }

  #check(offset: number, writes: boolean): void {
    if (this.#closed) throw new PlatformError('EBADF', `${this.name} is closed`);
    if (writes && this.readOnly) throw new PlatformError('EBADF', `${this.name} is open for reading`);
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new PlatformError('EINVAL', `${this.name}: offset ${offset}`);
  }

  /** Takes the memory first: a write that does not fit changes nothing. */
  #put(offset: number, from: Uint8Array): void {
    const first = Math.floor(offset / PAGE);
    const last = Math.floor((offset + from.length - 1) / PAGE);
    let missing = 0;
    for (let page = first; page <= last; page++) if (!this.#pages.has(page)) missing++;
    if (this.allocated + missing * PAGE > this.#limit) {
      throw new PlatformError('ENOSPC', `${this.name} may take ${this.#limit} bytes of memory`);
    }
    for (let done = 0; done < from.length; ) {
      const within = (offset + done) % PAGE;
      const count = Math.min(PAGE - within, from.length - done);
      const index = (offset + done - within) / PAGE;
      let page = this.#pages.get(index);
      if (page === undefined) {
        page = new Uint8Array(PAGE);
        this.#pages.set(index, page);
      }
      page.set(count === from.length ? from : from.subarray(done, done + count), within);
      done += count;
    }
  }

  /** Zeroes a range, and gives back the pages that lie in it as a whole. */
  #clear(offset: number, length: number): void {
    const end = offset + length;
    const clearPage = (index: number, page: Uint8Array): void => {
      const from = Math.max(0, offset - index * PAGE);
      const to = Math.min(PAGE, end - index * PAGE);
      // What the last page has beyond the end of the file is zeroes, and stays so.
      if (from === 0 && (to === PAGE || end >= this.#size)) this.#pages.delete(index);
      else page.fill(0, from, to);
    };
    const first = Math.floor(offset / PAGE);
    const last = Math.ceil(end / PAGE) - 1;
    if (last - first < this.#pages.size) {
      for (let index = first; index <= last; index++) {
        const page = this.#pages.get(index);
        if (page !== undefined) clearPage(index, page);
      }
    } else {
      for (const [index, page] of this.#pages) if (index >= first && index <= last) clearPage(index, page);
    }
  }
}

/** Makes a file in memory: empty, or with `bytes` in it. */
export const memoryFile = (options: MemoryFileOptions = {}): MemoryFile => new MemoryFile(options);
