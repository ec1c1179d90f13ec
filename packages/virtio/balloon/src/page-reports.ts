import type { MemoryDiscard, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { PAGE } from './registers.ts';

/** What {@link PageReports} needs. */
export interface PageReportsParts {
  readonly memory: MemoryDiscard;
  /** Calls `PageReports.resume` between two slices of guest execution. */
  readonly later: () => void;
}

/** Bytes discarded in one go: a few milliseconds. A report may name all memory, and the same memory twice. */
const SLICE = 32 * 1024 * 1024;

/** Discards the free memory that a guest reports (section 5.5.6.7), a slice at a time. */
export class PageReports {
  readonly #memory: MemoryDiscard;
  readonly #later: () => void;
  #queue: VirtioQueue | undefined;
  #keeps = false;
  #current: { readonly request: VirtioRequest; done: number } | undefined;
  #bytes = 0;
  /** The rest of a slice that was full comes later, however often the driver notifies. */
  #waiting = false;

  constructor({ memory, later }: PageReportsParts) {
    this.#memory = memory;
    this.#later = later;
  }

  /** Bytes discarded so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param keeps reported pages must keep their contents: the guest relies on a poison that is not zero */
  activate(queue: VirtioQueue | undefined, keeps: boolean): void {
    this.#queue = queue;
    this.#keeps = keeps;
  }

  reset(): void {
    this.#queue = undefined;
    this.#current = undefined;
    this.#waiting = false;
  }

  notified(): void {
    if (!this.#waiting) this.resume();
  }

  resume(): void {
    this.#waiting = false;
    for (let left = SLICE; left > 0; ) {
      const request = this.#current?.request ?? this.#queue?.take();
      if (request === undefined) return;
      this.#current ??= { request, done: 0 };
      // Also an empty report is work.
      left -= PAGE;
      if (!this.#keeps) left -= this.#discard(this.#current, Math.max(left, PAGE));
      if (!this.#keeps && this.#current.done < request.writableLength) continue;
      this.#current = undefined;
      this.#queue?.complete(request, 0);
    }
    this.#waiting = true;
    this.#later();
  }

  #discard(report: { readonly request: VirtioRequest; done: number }, most: number): number {
    const { request } = report;
    const length = Math.min(most, request.writableLength - report.done);
    for (const piece of request.writable(report.done, length)) this.#memory.discard(piece);
    report.done += length;
    this.#bytes += length;
    return length;
  }
}
