import type { CharPort } from '@vivarium/contracts';

/** Bytes held for a guest that does not read before the source is told to wait. */
const HIGH_WATER = 1 << 20;

/** Where input comes from, as far as flow control needs it. */
export interface InputSource {
  pause(): unknown;
  resume(): unknown;
}

/**
 * Sends input to the guest as fast as it takes it. Nothing is lost: what does not fit waits here, and above a
 * megabyte the source is paused. Up to there the source goes on, so that an escape key still gets through to a guest
 * that no longer reads.
 */
export class GuestInput {
  readonly #port: CharPort;
  readonly #source: InputSource;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  readonly #removal: () => void;

  constructor(port: CharPort, source: InputSource) {
    this.#port = port;
    this.#source = source;
    this.#removal = port.onWritable(() => this.#flush());
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(Uint8Array.from(bytes));
    this.#waitingBytes += bytes.length;
    this.#flush();
    if (this.#waitingBytes > HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
  }

  close(): void {
    this.#removal();
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const taken = this.#port.send(next);
      this.#waitingBytes -= taken;
      if (taken < next.length) {
        this.#waiting[0] = next.subarray(taken);
        break;
      }
      this.#waiting.shift();
    }
    if (this.#paused && this.#waitingBytes <= HIGH_WATER / 2) {
      this.#paused = false;
      this.#source.resume();
    }
  }
}
