import type { NetFrame } from '@vivarium/contracts';

/** Bounds of a queue. */
export interface QueueLimits {
  readonly frames: number;
  readonly bytes: number;
}

/** Frames that wait, first in, first out, within bounds. It keeps what it is given: copies. */
export class FrameQueue {
  readonly #limits: QueueLimits;
  #frames: NetFrame[] = [];
  /** Frames at the front that are gone; the array is cut now and then. */
  #head = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#frames.length - this.#head;
  }

  get front(): NetFrame | undefined {
    return this.#frames[this.#head];
  }

  /** One frame always fits into an empty queue. */
  hasRoom(length: number): boolean {
    if (this.length === 0) return true;
    return this.length < this.#limits.frames && this.#bytes + length <= this.#limits.bytes;
  }

  /** False: no room. */
  push(frame: NetFrame): boolean {
    if (!this.hasRoom(frame.length)) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  shift(): NetFrame | undefined {
    const frame = this.#frames[this.#head];
    if (frame === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= frame.length;
    if (this.#head === this.#frames.length || this.#head >= 256) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  /** Puts what became of the front frame in its place, whatever the bounds. */
  replaceFront(frames: readonly NetFrame[]): void {
    this.shift();
    this.#frames = [...frames, ...this.#frames.slice(this.#head)];
    this.#head = 0;
    for (const { length } of frames) this.#bytes += length;
  }

  /** Drops everything and says how much that was. */
  clear(): number {
    const dropped = this.length;
    this.#frames = [];
    this.#head = 0;
    this.#bytes = 0;
    return dropped;
  }
}
