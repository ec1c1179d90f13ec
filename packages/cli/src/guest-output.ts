import type { CharPort } from '@vivarium/contracts';

/** As much of a Node stream as output needs. */
export interface OutputSink {
  /** False when the caller should wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/**
 * Copies the guest's output to a stream at the speed of its reader. While the stream is full the port is on hold:
 * the device behind it reports that it is busy, and only the guest's programs that write to it wait.
 */
export class GuestOutput {
  readonly #port: CharPort;
  readonly #sink: OutputSink;
  readonly #removal: () => void;
  #release: (() => void) | undefined;

  constructor(port: CharPort, sink: OutputSink) {
    this.#port = port;
    this.#sink = sink;
    this.#removal = port.onOutput((bytes) => {
      if (this.#sink.write(bytes) || this.#release !== undefined) return;
      this.#release = this.#port.holdOutput();
      this.#sink.once('drain', this.#drained);
    });
  }

  /** Resolves when the device has handed over what it still held, at the speed of the reader. */
  async finish(): Promise<void> {
    while (this.#release !== undefined) await new Promise<void>((resolve) => this.#sink.once('drain', resolve));
    this.close();
  }

  close(): void {
    this.#removal();
    this.#sink.off('drain', this.#drained);
    this.#release?.();
    this.#release = undefined;
  }

  readonly #drained = (): void => {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  };
}
