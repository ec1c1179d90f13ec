import { ByteRing } from '@vivarium/byte-ring';
import type { CharPort } from '@vivarium/contracts';
import { hostNow, turn } from '../event-loop.ts';
import { LARGEST_PIECE } from './messages.ts';

/** Bytes of output that may be on their way to the host. Both sides know it. */
export const OUTPUT_WINDOW = 256 * 1024;
/** Bytes of input that the cell keeps for a guest that does not read. Both sides know it. */
export const INPUT_WINDOW = 64 * 1024;
/** Milliseconds that the guest waits for a host that does not read; then its output is lost instead. */
const PATIENCE = 5000;

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** What a {@link ConsoleEnd} sends. */
export interface ConsoleSink {
  output(bytes: Uint8Array, lost: number): void;
  /** The guest took so many bytes of input. */
  taken(count: number): void;
}

/**
 * The cell's end of one console. While the host takes output slowly the guest waits; when it takes none for seconds,
 * or there is no host, output goes to the scroll-back alone.
 */
export class ConsoleEnd {
  readonly #port: CharPort;
  readonly #removals: readonly (() => void)[];
  /** What was written since the event loop's last turn: a serial port writes byte by byte. */
  readonly #fresh = new ByteRing(LARGEST_PIECE);
  readonly #input = new ByteRing(INPUT_WINDOW);
  #sink: ConsoleSink | undefined;
  #flushing = false;
  #onTheWay = 0;
  #lost = 0;
  #lastTaken = 0;
  /** The host has taken nothing for long: what is written meanwhile is lost to it. */
  #deaf = false;
  #release: (() => void) | undefined;
  #patience: unknown;

  constructor(port: CharPort) {
    this.#port = port;
    this.#removals = [port.onOutput((bytes) => this.#written(bytes)), port.onWritable(() => this.#deliver())];
  }

  /** A host is there; it gets what was kept for those who come late. */
  connect(sink: ConsoleSink): void {
    this.#forget();
    this.#sink = sink;
    const kept = this.#port.scrollback().slice(-OUTPUT_WINDOW);
    for (let at = 0; at < kept.length; at += LARGEST_PIECE) this.#send(kept.slice(at, at + LARGEST_PIECE));
  }

  disconnect(): void {
    this.#forget();
  }

  /** The host has taken care of so many bytes. */
  taken(count: number): void {
    this.#onTheWay = Math.max(0, this.#onTheWay - count);
    this.#lastTaken = hostNow();
    if (this.#onTheWay >= OUTPUT_WINDOW / 2) return;
    this.#deaf = false;
    this.#letGo();
  }

  /** Input of the host; false when it is more than was agreed. */
  input(bytes: Uint8Array): boolean {
    if (bytes.length > this.#input.room) return false;
    this.#input.append(bytes);
    this.#deliver();
    return true;
  }

  close(): void {
    this.#flush();
    this.#forget();
    for (const remove of this.#removals) remove();
  }

  /** Sends what is still here. */
  flush(): void {
    this.#flush();
  }

  #forget(): void {
    this.#letGo();
    this.#sink = undefined;
    this.#fresh.drop(this.#fresh.length);
    this.#onTheWay = 0;
    this.#lost = 0;
    this.#deaf = false;
  }

  #written(bytes: Uint8Array): void {
    if (this.#sink === undefined) return;
    for (let at = 0; at < bytes.length; ) {
      at += this.#fresh.append(bytes.subarray(at));
      if (this.#fresh.room === 0) this.#flush();
    }
    if (this.#flushing || this.#fresh.length === 0) return;
    this.#flushing = true;
    void turn().then(() => {
      this.#flushing = false;
      return this.#flush();
    });
  }

  #flush(): void {
    if (this.#fresh.length === 0) return;
    const bytes = this.#fresh.contents();
    this.#fresh.drop(bytes.length);
    this.#send(bytes);
  }

  #send(bytes: Uint8Array): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    if (this.#deaf || this.#onTheWay >= OUTPUT_WINDOW * 2) {
      this.#lost += bytes.length;
      return;
    }
    this.#onTheWay += bytes.length;
    sink.output(bytes, this.#lost);
    this.#lost = 0;
    if (this.#onTheWay < OUTPUT_WINDOW || this.#release !== undefined) return;
    this.#release = this.#port.holdOutput();
    this.#lastTaken = hostNow();
    this.#watch();
  }

  /** Lets the guest go on when the host has taken nothing for long. */
  #watch(): void {
    this.#patience = setTimeout(() => {
      if (this.#release === undefined) return;
      if (hostNow() - this.#lastTaken < PATIENCE) this.#watch();
      else {
        this.#deaf = true;
        this.#letGo();
      }
    }, PATIENCE);
  }

  #letGo(): void {
    clearTimeout(this.#patience);
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  #deliver(): void {
    while (this.#input.length > 0) {
      const piece = this.#input.front();
      const taken = this.#port.send(piece);
      if (!(taken > 0)) return;
      this.#input.drop(taken);
      this.#sink?.taken(taken);
      if (taken < piece.length) return;
    }
  }
}
