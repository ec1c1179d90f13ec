import type { CharPort } from '@vivarium/contracts';

/** The part of a {@link CharPort} that input needs. */
type InputPort = Pick<CharPort, 'send' | 'onWritable'>;

/**
 * Gives input to the guest as it takes it, and tells the page how much that was. What waits here is bounded by the
 * page, which keeps to its window.
 */
export class InputFeed {
  readonly #port: InputPort;
  readonly #taken: (count: number) => void;
  readonly #removal: () => void;
  readonly #waiting: Uint8Array[] = [];
  #feeding = false;

  constructor(port: InputPort, taken: (count: number) => void) {
    this.#port = port;
    this.#taken = taken;
    this.#removal = port.onWritable(() => this.#feed());
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#feed();
  }

  close(): void {
    this.#removal();
  }

  /** `send` may call back through `onWritable`, before it has said what it took. */
  #feed(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    let count = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const taken = this.#port.send(next);
      count += taken;
      if (taken < next.length) {
        this.#waiting[0] = next.subarray(taken);
        if (taken === 0) break;
      } else {
        this.#waiting.shift();
      }
    }
    this.#feeding = false;
    if (count > 0) this.#taken(count);
  }
}
