import type { CharPort } from '@vivarium/contracts';

/** A character port whose guest takes and sends what the test says. */
export class FakePort implements CharPort {
  readonly received: number[] = [];
  /** Bytes the guest takes before it has to be asked again. */
  room = Number.POSITIVE_INFINITY;
  holds = 0;
  #outputListeners: ((bytes: Uint8Array) => void)[] = [];
  #writableListeners: (() => void)[] = [];

  get listeners(): number {
    return this.#outputListeners.length + this.#writableListeners.length;
  }

  /** The guest writes. False when it has to wait. */
  output(bytes: Uint8Array): boolean {
    if (this.holds > 0) return false;
    for (const listener of this.#outputListeners) listener(bytes);
    return true;
  }

  /** The guest reads `count` bytes more. */
  take(count: number): void {
    this.room += count;
    for (const listener of this.#writableListeners) listener();
  }

  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    this.room -= taken;
    this.received.push(...bytes.subarray(0, taken));
    return taken;
  }

  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.#outputListeners.push(listener);
    return () => {
      this.#outputListeners = this.#outputListeners.filter((other) => other !== listener);
    };
  }

  onWritable(listener: () => void): () => void {
    this.#writableListeners.push(listener);
    return () => {
      this.#writableListeners = this.#writableListeners.filter((other) => other !== listener);
    };
  }

  holdOutput(): () => void {
    this.holds += 1;
    return () => {
      this.holds -= 1;
    };
  }

  scrollback(): Uint8Array {
    return new Uint8Array();
  }
}
