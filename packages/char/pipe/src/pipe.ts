import type { CharBackend, CharHandlers, CharPort } from '@vivarium/contracts';
import { ByteRing } from '@vivarium/byte-ring';
import { errors } from './errors.ts';

/** What {@link Pipe} is made of. */
export interface PipeSettings {
  /** Bytes sent to the guest and not yet taken by its device. */
  readonly inputCapacity: number;
  /** Bytes of output kept for late viewers. */
  readonly scrollbackCapacity: number;
  /** A listener threw; the others and the guest go on. */
  readonly onListenerFailure: (error: unknown) => void;
}

/** A character stream in memory: the device has one end (`CharBackend`), host code the other (`CharPort`). */
export class Pipe implements CharBackend, CharPort {
  readonly #input: ByteRing;
  readonly #scrollback: ByteRing;
  readonly #onListenerFailure: (error: unknown) => void;
  #handlers: CharHandlers | undefined;
  #outputListeners: readonly ((bytes: Uint8Array) => void)[] = [];
  #writableListeners: readonly (() => void)[] = [];
  #holds = 0;
  /** The device was refused output and waits for `drained`. */
  #outputRefused = false;
  /** Host code was refused input and waits for `onWritable`. */
  #inputRefused = false;
  #delivering = false;

  constructor(settings: PipeSettings) {
    this.#input = new ByteRing(settings.inputCapacity);
    this.#scrollback = new ByteRing(settings.scrollbackCapacity);
    this.#onListenerFailure = settings.onListenerFailure;
  }

  connect(handlers: CharHandlers): void {
    if (this.#handlers !== undefined) {
      throw errors.make('VIV_CHAR_CONNECTED', 'a second device wants the character backend that another one has');
    }
    this.#handlers = handlers;
    this.#deliver();
  }

  write(bytes: Uint8Array): number {
    if (this.#holds > 0) {
      this.#outputRefused = true;
      return 0;
    }
    this.#scrollback.push(bytes);
    if (this.#outputListeners.length > 0) {
      // The device uses its buffer again, and listeners (a terminal, a socket) keep theirs.
      const copy = bytes.slice();
      for (const listener of this.#outputListeners) this.#call(() => listener(copy));
    }
    return bytes.length;
  }

  resume(): void {
    this.#deliver();
  }

  send(bytes: Uint8Array): number {
    const taken = this.#input.append(bytes);
    if (taken < bytes.length) this.#inputRefused = true;
    this.#deliver();
    return taken;
  }

  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    // Wrapped: the same function may be added twice, and each removal removes its own.
    const entry = (bytes: Uint8Array) => listener(bytes);
    this.#outputListeners = [...this.#outputListeners, entry];
    return () => {
      this.#outputListeners = this.#outputListeners.filter((other) => other !== entry);
    };
  }

  holdOutput(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      if (this.#holds > 0 || !this.#outputRefused) return;
      this.#outputRefused = false;
      this.#handlers?.drained();
    };
  }

  onWritable(listener: () => void): () => void {
    const entry = () => listener();
    this.#writableListeners = [...this.#writableListeners, entry];
    return () => {
      this.#writableListeners = this.#writableListeners.filter((other) => other !== entry);
    };
  }

  scrollback(): Uint8Array {
    return this.#scrollback.contents();
  }

  /** Unplugs the device and every listener. */
  dispose(): void {
    this.#handlers = undefined;
    this.#outputListeners = [];
    this.#writableListeners = [];
  }

  /** Gives the device what it takes. A device that resumes from within `receive` finds the delivery in progress. */
  #deliver(): void {
    const handlers = this.#handlers;
    if (handlers === undefined || this.#delivering) return;
    this.#delivering = true;
    while (this.#input.length > 0) {
      const piece = this.#input.front();
      const taken = handlers.receive(piece);
      if (!(taken > 0)) break;
      this.#input.drop(Math.min(Math.trunc(taken), piece.length));
      if (taken < piece.length) break;
    }
    this.#delivering = false;
    if (this.#inputRefused && this.#input.room > 0) {
      this.#inputRefused = false;
      for (const listener of this.#writableListeners) this.#call(listener);
    }
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#onListenerFailure(error);
    }
  }
}
