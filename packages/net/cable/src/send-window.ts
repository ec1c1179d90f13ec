import type { QueueLimits } from '@vivarium/net-link';

/** How much is on its way to the other end, which says how much that may be and what it has taken. */
export class SendWindow {
  readonly #limits: QueueLimits;
  #frames = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Frames on their way. */
  get frames(): number {
    return this.#frames;
  }

  /** One frame always fits when none is on its way. */
  hasRoom(length: number): boolean {
    if (this.#frames === 0) return true;
    return this.#frames < this.#limits.frames && this.#bytes + length <= this.#limits.bytes;
  }

  sent(length: number): void {
    this.#frames += 1;
    this.#bytes += length;
  }

  /** False when the other end says that it has taken more than it was sent; then nothing changes. */
  taken(frames: number, bytes: number): boolean {
    if (frames > this.#frames || bytes > this.#bytes) return false;
    this.#frames -= frames;
    this.#bytes -= bytes;
    return true;
  }
}
