// Hot: reads and writes of guests. Pages are reached by their number, so that files can have holes.
import type { FsErrno, FsResult } from '@vivarium/contracts';
import type { Budget } from '../budget.ts';

/** Unit in which memory is taken and given back. */
export const PAGE = 4096;
/** Largest file: 16 TiB, of which most is holes. */
const LARGEST = 2 ** 44;

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((total, piece) => total + piece.length, 0);

/** The bytes of a file. What was never written reads as zeroes and takes no memory. */
export class Content {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #budget: Budget;
  #size = 0;

  /** @param budget pages of all files */
  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory. */
  get allocated(): number {
    return this.#pages.size * PAGE;
  }

  /** Fills `into` from `offset` on and returns how many bytes there were. */
  read(offset: number, into: readonly Uint8Array[]): number {
    let at = offset;
    for (const piece of into) {
      const end = Math.min(piece.length, this.#size - at);
      for (let done = 0; done < end; ) {
        const within = at % PAGE;
        const count = Math.min(PAGE - within, end - done);
        const page = this.#pages.get((at - within) / PAGE);
        if (page === undefined) piece.fill(0, done, done + count);
        else piece.set(page.subarray(within, within + count), done);
        done += count;
        at += count;
      }
      if (at >= this.#size) break;
    }
    return Math.max(0, at - offset);
  }

  /** Stores `from` and returns how many bytes had room. */
  write(offset: number, from: readonly Uint8Array[]): FsResult<number> {
    if (offset + lengthOf(from) > LARGEST) return 'EFBIG';
    let at = offset;
    for (const piece of from) {
      for (let done = 0; done < piece.length; ) {
        const within = at % PAGE;
        const page = this.#pageFor((at - within) / PAGE);
        if (page === undefined) {
          this.#size = Math.max(this.#size, at === offset ? 0 : at);
          return at === offset ? 'ENOSPC' : at - offset;
        }
        const count = Math.min(PAGE - within, piece.length - done);
        page.set(piece.subarray(done, done + count), within);
        done += count;
        at += count;
      }
    }
    if (at > offset) this.#size = Math.max(this.#size, at);
    return at - offset;
  }

  /** Cuts, or grows with a hole. */
  truncate(size: number): FsErrno | undefined {
    if (size > LARGEST) return 'EFBIG';
    if (size < this.#size) this.punch(size, this.#size - size);
    this.#size = size;
    return undefined;
  }

  /** Zeroes a range and gives its pages back. The size stays. */
  punch(offset: number, length: number): void {
    const end = Math.min(offset + length, this.#size);
    if (end <= offset) return;
    const firstWhole = Math.ceil(offset / PAGE);
    // Past the end of the file a page holds zeroes, so the last one is whole, too.
    const lastWhole = end === this.#size ? Math.ceil(end / PAGE) : Math.floor(end / PAGE);
    // There may be far fewer pages than the range is long.
    for (const index of [...this.#pages.keys()]) if (index >= firstWhole && index < lastWhole) this.#drop(index);
    if (firstWhole > lastWhole) this.#pages.get(lastWhole)?.fill(0, offset % PAGE, end % PAGE);
    else {
      if (offset % PAGE !== 0) this.#pages.get(firstWhole - 1)?.fill(0, offset % PAGE);
      if (end % PAGE !== 0) this.#pages.get(lastWhole)?.fill(0, 0, end % PAGE);
    }
  }

  /** Takes memory for a range, so that writes there cannot fail. The size stays. */
  allocate(offset: number, length: number): FsErrno | undefined {
    if (offset + length > LARGEST) return 'EFBIG';
    const first = Math.floor(offset / PAGE);
    const last = Math.ceil((offset + length) / PAGE);
    if (last - first > this.#budget.left + this.#pages.size) return 'ENOSPC';
    const missing: number[] = [];
    for (let index = first; index < last; index++) if (!this.#pages.has(index)) missing.push(index);
    if (missing.length > this.#budget.left) return 'ENOSPC';
    for (const index of missing) this.#pageFor(index);
    return undefined;
  }

  /** The first byte from `offset` on that has memory. */
  nextData(offset: number): number | undefined {
    const first = Math.floor(offset / PAGE);
    if (this.#pages.has(first)) return offset < this.#size ? offset : undefined;
    let nearest = Number.POSITIVE_INFINITY;
    for (const index of this.#pages.keys()) if (index > first && index < nearest) nearest = index;
    return nearest * PAGE < this.#size ? nearest * PAGE : undefined;
  }

  /** The first byte from `offset` on that has none; the end of the file is one. */
  nextHole(offset: number): number | undefined {
    if (offset >= this.#size) return undefined;
    let index = Math.floor(offset / PAGE);
    if (!this.#pages.has(index)) return offset;
    while (this.#pages.has(index)) index++;
    return Math.min(index * PAGE, this.#size);
  }

  #pageFor(index: number): Uint8Array | undefined {
    const page = this.#pages.get(index);
    if (page !== undefined) return page;
    if (!this.#budget.take(1)) return undefined;
    const fresh = new Uint8Array(PAGE);
    this.#pages.set(index, fresh);
    return fresh;
  }

  #drop(index: number): void {
    this.#pages.delete(index);
    this.#budget.give(1);
  }
}
