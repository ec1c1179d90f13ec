import type { CharBackend } from '@vivarium/contracts';
import { FIFO_SIZE } from './registers.ts';

/**
 * Transmitter FIFO, or the one transmitter holding register. The line takes no time, so it is only ever filled while
 * the backend takes nothing; then it stays as it is until the backend has drained.
 */
export class Transmitter {
  readonly #backend: CharBackend;
  readonly #data = new Uint8Array(FIFO_SIZE);
  /** Views of the first n bytes, made once: sending allocates nothing. */
  readonly #prefixes = Array.from({ length: FIFO_SIZE + 1 }, (_, length) => this.#data.subarray(0, length));
  #count = 0;
  #capacity = 1;
  #sending = false;

  constructor(backend: CharBackend) {
    this.#backend = backend;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  /** FIFOs on or off; what is in them is lost either way. */
  set fifo(on: boolean) {
    this.#capacity = on ? FIFO_SIZE : 1;
    this.clear();
  }

  clear(): void {
    this.#count = 0;
  }

  /** Takes a character; one written to a full FIFO is lost, as the guest was told by THRE. */
  push(data: number): void {
    if (this.#count === this.#capacity) return;
    this.#data[this.#count] = data;
    this.#count += 1;
  }

  /** Gives the backend what it takes. A backend that calls back from within finds the sending in progress. */
  send(): void {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#count > 0) {
      const taken = this.#backend.write(this.#prefixes[this.#count] ?? this.#data);
      if (!(taken > 0)) break;
      this.#data.copyWithin(0, taken, this.#count);
      this.#count = Math.max(0, this.#count - taken);
    }
    this.#sending = false;
  }

  /** Characters not yet taken, oldest first. */
  get contents(): Uint8Array {
    return this.#data.slice(0, this.#count);
  }
}
