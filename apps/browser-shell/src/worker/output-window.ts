import type { CharPort } from '@vivarium/contracts';
import { OUTPUT_WINDOW } from '../protocol.ts';

/** The part of a {@link CharPort} that output needs. */
type OutputPort = Pick<CharPort, 'onOutput' | 'holdOutput'>;

/**
 * Sends the guest's output to the page in few large pieces, and makes the guest wait while the page has a window of it
 * unshown. Pieces are collected until the code that made them yields, which a cell does every few milliseconds.
 */
export class OutputWindow {
  readonly #port: OutputPort;
  readonly #send: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #removal: () => void;
  #pieces: Uint8Array[] = [];
  #collected = 0;
  #unshown = 0;
  #release: (() => void) | undefined;
  #caughtUp: (() => void) | undefined;

  constructor(port: OutputPort, send: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#port = port;
    this.#send = send;
    this.#removal = port.onOutput((bytes) => this.#collect(bytes));
  }

  /** The page has shown `count` bytes more. */
  shown(count: number): void {
    this.#unshown = Math.max(this.#unshown - count, 0);
    if (this.#release === undefined || this.#unshown > OUTPUT_WINDOW / 2) return;
    const release = this.#release;
    this.#release = undefined;
    release();
    this.#caughtUp?.();
  }

  /** Resolves when the device has handed over what it still held, at the speed of the page. */
  async finish(): Promise<void> {
    while (this.#release !== undefined) {
      await new Promise<void>((resolve) => {
        this.#caughtUp = resolve;
      });
    }
    this.flush();
  }

  /** Sends what is collected. */
  flush(): void {
    if (this.#collected === 0) return;
    const bytes = new Uint8Array(this.#collected);
    let offset = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces = [];
    this.#collected = 0;
    this.#send(bytes);
  }

  close(): void {
    this.#removal();
    this.flush();
    this.#release?.();
    this.#release = undefined;
  }

  #collect(bytes: Uint8Array): void {
    if (this.#collected === 0) queueMicrotask(() => this.flush());
    this.#pieces.push(bytes);
    this.#collected += bytes.length;
    this.#unshown += bytes.length;
    if (this.#unshown >= OUTPUT_WINDOW) this.#release ??= this.#port.holdOutput();
  }
}
