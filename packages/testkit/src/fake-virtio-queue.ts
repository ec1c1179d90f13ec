import type { VirtioQueue, VirtioRequest } from '@vivarium/contracts';

/** A request in a test's hands. */
export interface FakeVirtioRequest extends VirtioRequest {
  /** Undefined until the device completes the request; then how many bytes it says it wrote. */
  readonly written: number | undefined;
  /** A copy of the writable part, as much as the device says it wrote. */
  readonly answer: Uint8Array;
}

export interface FakeVirtioQueueOptions {
  /** Default 0. */
  readonly index?: number;
  /** Default 128. */
  readonly size?: number;
  /** Cuts the parts of every request into views of at most this many bytes, as a driver does with pages. */
  readonly piece?: number;
  /** Requests lie in shared memory, as guest RAM does when vCPUs have workers. */
  readonly shared?: boolean;
}

/** A queue without rings: requests are made of bytes, and what the device does with them is kept. */
export interface FakeVirtioQueue extends VirtioQueue {
  /** Makes a request available. The device is to be notified by the test. */
  submit(readable: Uint8Array, writableLength: number): FakeVirtioRequest;
  /** Requests that were completed, in that order. */
  readonly completed: readonly FakeVirtioRequest[];
  /** Requests that the device took and has not completed. */
  readonly inFlight: number;
  /** What happens at a reset: requests are dead, and the device can do nothing with them any more. */
  kill(): void;
}

/** Bytes of a part from `offset` on, cut to what is there. */
const cut = (bytes: Uint8Array, offset: number, length: number): Uint8Array => {
  const start = Math.min(Math.max(0, offset), bytes.length);
  return bytes.subarray(start, start + Math.min(Math.max(0, length), bytes.length - start));
};

class Request implements FakeVirtioRequest {
  live = true;
  written: number | undefined;
  readonly #readable: Uint8Array;
  readonly #writable: Uint8Array;
  readonly #piece: number;

  constructor(readable: Uint8Array, writable: Uint8Array, piece: number) {
    this.#readable = readable;
    this.#writable = writable;
    this.#piece = piece;
  }

  get readableLength(): number {
    return this.live ? this.#readable.length : 0;
  }

  get writableLength(): number {
    return this.live ? this.#writable.length : 0;
  }

  get answer(): Uint8Array {
    return this.#writable.slice(0, this.written ?? 0);
  }

  readable(offset = 0, length = Number.POSITIVE_INFINITY): readonly Uint8Array[] {
    return this.#views(this.#readable, offset, length);
  }

  writable(offset = 0, length = Number.POSITIVE_INFINITY): readonly Uint8Array[] {
    return this.#views(this.#writable, offset, length);
  }

  read(offset: number, length: number): Uint8Array {
    return this.live ? cut(this.#readable, offset, length).slice() : new Uint8Array(0);
  }

  write(offset: number, bytes: Uint8Array): number {
    if (!this.live) return 0;
    const room = cut(this.#writable, offset, bytes.length);
    room.set(bytes.subarray(0, room.length));
    return room.length;
  }

  #views(part: Uint8Array, offset: number, length: number): readonly Uint8Array[] {
    if (!this.live) return [];
    const whole = cut(part, offset, length);
    const views: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += this.#piece) views.push(whole.subarray(at, at + this.#piece));
    return views;
  }
}

/**
 * A queue for tests of virtio devices.
 *
 * @example
 * const queue = fakeVirtioQueue();
 * device.activate(device.features, [queue], { configChanged: () => {}, needsReset: () => {} });
 * const request = queue.submit(Uint8Array.of(1, 2, 3), 16);
 * device.notified(0);
 * expect(request.answer).toEqual(Uint8Array.of(0));
 */
export const fakeVirtioQueue = (options: FakeVirtioQueueOptions = {}): FakeVirtioQueue => {
  const { index = 0, size = 128, piece = Number.POSITIVE_INFINITY, shared = false } = options;
  const allocate = (length: number): Uint8Array =>
    shared ? new Uint8Array(new SharedArrayBuffer(length)) : new Uint8Array(length);
  const completed: Request[] = [];
  const inFlight = new Set<Request>();
  let waiting: Request[] = [];
  const complete = (request: VirtioRequest, written: number): void => {
    if (!(request instanceof Request) || !request.live || !inFlight.delete(request)) return;
    request.written = Math.min(Math.max(0, Math.trunc(written)), request.writableLength);
    request.live = false;
    completed.push(request);
  };
  return {
    index,
    size,
    completed,
    get inFlight() {
      return inFlight.size;
    },
    submit: (readable, writableLength) => {
      const part = allocate(readable.length);
      part.set(readable);
      const request = new Request(part, allocate(writableLength), piece);
      waiting.push(request);
      return request;
    },
    take: () => {
      const request = waiting.shift();
      if (request !== undefined) inFlight.add(request);
      return request;
    },
    putBack: (requests) => {
      const own = requests
        .filter((request) => request instanceof Request)
        .filter((request) => inFlight.delete(request));
      waiting = [...own, ...waiting];
    },
    complete,
    completeAll: (completions) => {
      for (const { request, written } of completions) complete(request, written);
    },
    kill: () => {
      for (const request of [...waiting, ...inFlight]) request.live = false;
      waiting = [];
      inFlight.clear();
    },
  };
};
