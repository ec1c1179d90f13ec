// Hot code: every request of a disk goes through here. Benchmark: packages/storage/qcow2/test/qemu-bench.ts.
import type { HostFile } from '@vivarium/contracts';
import { lengthOf } from './sector-range.ts';

/**
 * The buffers of one request as one stretch of bytes, consumed from its front. Every method moves the next `length`
 * bytes, of which there must be that many, in as few calls of the file as it has ways to.
 */
export class Stretch {
  /** Bytes left. */
  left: number;
  readonly #pieces: readonly Uint8Array[];
  #index = 0;
  /** Bytes of the piece at `#index` that are consumed. */
  #within = 0;

  constructor(pieces: readonly Uint8Array[], length = lengthOf(pieces)) {
    this.#pieces = pieces;
    this.left = length;
  }

  /** The next bytes, at most `length`, as far as they lie in one piece; empty at the end only. */
  next(length: number): Uint8Array {
    let piece = this.#pieces[this.#index];
    while (piece !== undefined && this.#within === piece.length) {
      this.#within = 0;
      piece = this.#pieces[++this.#index];
    }
    if (piece === undefined) return new Uint8Array(0);
    const start = this.#within;
    const count = Math.min(length, piece.length - start);
    this.#within = start + count;
    this.left -= count;
    return count === piece.length ? piece : piece.subarray(start, start + count);
  }

  /** Views of the next `length` bytes, in order. */
  take(length: number): Uint8Array[] {
    const views: Uint8Array[] = [];
    for (let left = length; left > 0; ) {
      const view = this.next(left);
      if (view.length === 0) break;
      views.push(view);
      left -= view.length;
    }
    return views;
  }

  /** Fills the next `length` bytes with what `file` holds at `offset`; beyond its end, with zeroes. */
  readFrom(file: HostFile, offset: number, length: number): void {
    const first = this.next(length);
    if (first.length === length) {
      readAll(file, offset, first);
      return;
    }
    const views = [first, ...this.take(length - first.length)];
    if (file.readv !== undefined) {
      let done = file.readv(offset, views);
      // Short at the end of the file.
      for (const view of views) {
        if (done < view.length) view.fill(0, Math.max(0, done));
        done -= view.length;
      }
      return;
    }
    let at = offset;
    for (const view of views) {
      readAll(file, at, view);
      at += view.length;
    }
  }

  /** Stores the next `length` bytes in `file` at `offset`. */
  writeTo(file: HostFile, offset: number, length: number): void {
    const first = this.next(length);
    if (first.length === length) {
      file.write(offset, first);
      return;
    }
    const views = [first, ...this.take(length - first.length)];
    if (file.writev !== undefined) {
      file.writev(offset, views);
      return;
    }
    let at = offset;
    for (const view of views) {
      file.write(at, view);
      at += view.length;
    }
  }

  /** Zeroes the next `length` bytes. */
  zero(length: number): void {
    for (let left = length; left > 0; ) {
      const view = this.next(left);
      if (view.length === 0) return;
      view.fill(0);
      left -= view.length;
    }
  }

  /** Copies `bytes` into the next bytes. */
  put(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const view = this.next(bytes.length - done);
      if (view.length === 0) return;
      view.set(bytes.subarray(done, done + view.length));
      done += view.length;
    }
  }

  /** Copies the next bytes into all of `into`. */
  copyTo(into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const view = this.next(into.length - done);
      if (view.length === 0) return;
      into.set(view, done);
      done += view.length;
    }
  }
}

const readAll = (file: HostFile, offset: number, into: Uint8Array): void => {
  const count = file.read(offset, into);
  if (count < into.length) into.fill(0, count);
};
