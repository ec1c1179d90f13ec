import type { CharBackend, CharHandlers, VirtioQueue, VirtioRequest } from '@vivarium/contracts';

/** One port: a receive and a transmit queue on a character backend. Bytes wait in the guest, never here. */
export class Port implements CharHandlers {
  readonly name: string;
  readonly #backend: CharBackend;
  #receive: VirtioQueue | undefined;
  #transmit: VirtioQueue | undefined;
  /** The request that the backend took a part of. */
  #sending: { readonly request: VirtioRequest; sent: number } | undefined;
  /** The backend keeps bytes until there are buffers. */
  #starved = false;

  constructor(name: string, backend: CharBackend) {
    this.name = name;
    this.#backend = backend;
  }

  connect(): void {
    this.#backend.connect(this);
  }

  activate(receive: VirtioQueue | undefined, transmit: VirtioQueue | undefined): void {
    this.#receive = receive;
    this.#transmit = transmit;
  }

  reset(): void {
    this.#receive = undefined;
    this.#transmit = undefined;
    this.#sending = undefined;
  }

  receive(bytes: Uint8Array): number {
    const queue = this.#receive;
    let taken = 0;
    // Empty buffers bring nothing on, and a driver on another vCPU may never run out of them.
    let empty = 0;
    while (taken < bytes.length) {
      const request = queue !== undefined && empty < queue.size ? queue.take() : undefined;
      if (queue === undefined || request === undefined) {
        this.#starved = true;
        break;
      }
      const count = request.write(0, bytes.subarray(taken));
      queue.complete(request, count);
      taken += count;
      if (count === 0) empty += 1;
    }
    return taken;
  }

  drained(): void {
    this.send();
  }

  /** There may be buffers for what waits in the backend. */
  refilled(): void {
    if (!this.#starved) return;
    this.#starved = false;
    this.#backend.resume();
  }

  /** Gives the backend as much as it takes. */
  send(): void {
    const queue = this.#transmit;
    for (;;) {
      const request = this.#sending?.request ?? queue?.take();
      if (queue === undefined || request === undefined) return;
      this.#sending ??= { request, sent: 0 };
      if (!this.#sendRest(this.#sending)) return;
      this.#sending = undefined;
      queue.complete(request, 0);
    }
  }

  /** False when the backend took less than all. */
  #sendRest(sending: { readonly request: VirtioRequest; sent: number }): boolean {
    for (const piece of sending.request.readable(sending.sent)) {
      const taken = this.#backend.write(piece);
      sending.sent += taken;
      if (taken < piece.length) return false;
    }
    return true;
  }
}
