// Hot code: each request of a guest's disk ends here.
import { closeSync, fdatasyncSync, ftruncateSync, readSync, readvSync, writeSync, writevSync } from 'node:fs';
import type { HostFile } from '@vivarium/contracts';
import { PlatformError } from '../platform-error.ts';
import { lengthOf } from '../sector-range.ts';
import type { Lock } from './lock.ts';

/** Most buffers that the platform takes in one call (IOV_MAX of Linux, macOS and the BSDs). */
const MOST_BUFFERS = 1024;
/** Most bytes in one call: Node takes a signed number of 32 bits. */
const MOST_BYTES = 2 ** 30;

/** An open file of the host. */
export class DescriptorFile implements HostFile {
  readonly name: string;
  readonly readOnly: boolean;
  readonly #descriptor: number;
  readonly #lock: Lock | undefined;
  /** Writes are durable as they are. */
  readonly #durable: boolean;
  #size: number;
  #closed = false;

  constructor(
    name: string,
    descriptor: number,
    size: number,
    readOnly: boolean,
    lock: Lock | undefined,
    durable = false,
  ) {
    this.name = name;
    this.readOnly = readOnly;
    this.#descriptor = descriptor;
    this.#size = size;
    this.#lock = lock;
    this.#durable = durable;
  }

  /** Counted here rather than asked of the host: this process alone writes. */
  get size(): number {
    return this.#size;
  }

  read(offset: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const count = readSync(this.#open(), into, done, Math.min(into.length - done, MOST_BYTES), offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(offset: number, from: Uint8Array): void {
    let done = 0;
    while (done < from.length) {
      done += writeSync(this.#open(), from, done, Math.min(from.length - done, MOST_BYTES), offset + done);
      if (offset + done > this.#size) this.#size = offset + done;
    }
  }

  readv(offset: number, into: readonly Uint8Array[]): number {
    let done = 0;
    for (let index = 0; index < into.length; index += MOST_BUFFERS) {
      const batch = into.slice(index, index + MOST_BUFFERS);
      const wanted = lengthOf(batch);
      const count = wanted === 0 ? 0 : readvSync(this.#open(), batch, offset + done);
      // The kernel may stop early; what is left goes piece by piece, until the file ends.
      const all = count < wanted ? count + this.#readRest(offset + done, batch, count) : count;
      done += all;
      if (all < wanted) break;
    }
    return done;
  }

  writev(offset: number, from: readonly Uint8Array[]): void {
    let done = 0;
    for (let index = 0; index < from.length; index += MOST_BUFFERS) {
      const batch = from.slice(index, index + MOST_BUFFERS);
      const wanted = lengthOf(batch);
      const count = wanted === 0 ? 0 : writevSync(this.#open(), batch, offset + done);
      if (offset + done + count > this.#size) this.#size = offset + done + count;
      if (count < wanted) {
        eachRest(batch, count, (piece, at) => {
          this.write(offset + done + at, piece);
          return true;
        });
      }
      done += wanted;
    }
  }

  sync(): void {
    const descriptor = this.#open();
    if (!this.#durable) fdatasyncSync(descriptor);
  }

  truncate(size: number): void {
    ftruncateSync(this.#open(), size);
    this.#size = size;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lock?.release();
    closeSync(this.#descriptor);
  }

  /** The descriptor; a number that another file may have by now must not be used. */
  #open(): number {
    if (this.#closed) throw new PlatformError('EBADF', `${this.name} is closed`);
    return this.#descriptor;
  }

  #readRest(offset: number, batch: readonly Uint8Array[], done: number): number {
    let count = 0;
    eachRest(batch, done, (piece, at) => {
      const got = this.read(offset + at, piece);
      count += got;
      return got === piece.length;
    });
    return count;
  }
}

/** Calls `act` with what is left of each piece after `done` bytes, and its place, until it says false. */
const eachRest = (
  batch: readonly Uint8Array[],
  done: number,
  act: (piece: Uint8Array, at: number) => boolean,
): void => {
  let at = 0;
  for (const piece of batch) {
    const skipped = Math.max(0, Math.min(piece.length, done - at));
    if (skipped < piece.length && !act(piece.subarray(skipped), at + skipped)) return;
    at += piece.length;
  }
};
