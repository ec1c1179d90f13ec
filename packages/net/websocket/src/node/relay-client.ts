import { performance } from 'node:perf_hooks';
import type { NetBackend, NetFrame } from '@vivarium/contracts';
import { type FrameProblem, FrameQueue, frameProblem, type QueueLimits, Traffic } from '@vivarium/net-link';
import { concatenate, finishFrame, frameOf } from '@vivarium/net-packet';
import { RateLimiter, type RateLimits } from '@vivarium/token-bucket';
import { type RawData, WebSocket } from 'ws';

/** Why a frame went no further. */
export type RelayDrop =
  | FrameProblem
  /** The client sent it after it was asked to wait, and there was no room. */
  | 'queue'
  /** The offload makes no sense. */
  | 'offload'
  /** A message that is text. */
  | 'malformed';

/** What a client may do. */
export interface ClientLimits {
  readonly mtu: number;
  /** What it may send. It is read no faster. */
  readonly rate: RateLimits;
  /** Frames of it that wait for the network. */
  readonly queue: QueueLimits;
  /** Bytes for it that wait in the socket, before the network has to keep them. */
  readonly buffer: number;
}

/** Milliseconds for a client to answer a goodbye. */
const GRACE = 2000;
/** In a millisecond. */
const NANOSECONDS = 1e6;
const now = (): number => Math.floor(performance.now() * NANOSECONDS);

/** One client, between its socket and its place in the network. */
export class RelayClient {
  readonly traffic = new Traffic<RelayDrop>();
  readonly #socket: WebSocket;
  readonly #backend: NetBackend;
  readonly #limits: ClientLimits;
  readonly #rate: RateLimiter;
  readonly #queue: FrameQueue;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  /** The network has a frame that the socket had no room for. */
  #starved = false;
  #alive = true;
  #over = false;

  constructor(socket: WebSocket, backend: NetBackend, limits: ClientLimits) {
    this.#socket = socket;
    this.#backend = backend;
    this.#limits = limits;
    this.#rate = new RateLimiter(limits.rate, now());
    this.#queue = new FrameQueue(limits.queue);
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('pong', () => {
      this.#alive = true;
    });
    // A `close` follows each error.
    socket.on('error', () => {});
    backend.connect({
      accepts: {},
      receive: (frame) => this.#give(frame),
      drained: () => this.#pump(),
      linkChanged: () => {},
    });
  }

  /** Ends a connection of which nothing was heard since the last call, and asks for a sign of life. */
  check(): void {
    // One who was asked to wait is not read, and neither would be its sign of life.
    if (this.#socket.isPaused) return;
    if (!this.#alive) {
      this.#socket.terminate();
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }

  /** Says goodbye with a code of RFC 6455, section 7.4.1, and hangs up when that is not answered. */
  close(code: number, reason: string): void {
    this.forget();
    this.#socket.close(code, reason);
    // One who was asked to wait must be read to be heard.
    this.#socket.resume();
    setTimeout(() => this.#socket.terminate(), GRACE).unref();
  }

  /** Nothing more is to be done for it. */
  forget(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#queue.clear();
  }

  #hear(data: RawData, isBinary: boolean): void {
    this.#alive = true;
    if (this.#over) return;
    const bytes = isBinary && Buffer.isBuffer(data) ? new Uint8Array(data) : undefined;
    const frame = bytes === undefined ? undefined : frameOf(bytes);
    const problem = frame === undefined ? 'malformed' : frameProblem(frame, this.#limits.mtu);
    if (frame === undefined || problem !== undefined) {
      this.traffic.sendDrops.add(problem ?? 'malformed');
      return;
    }
    if (!this.#queue.push(frame)) {
      this.traffic.sendDrops.add('queue');
      return;
    }
    this.#pump();
  }

  /** Gives the network what the client sent, as far as rate and network allow; until then it is not read. */
  #pump(): void {
    // A network may say that there is room from within the very call.
    if (this.#busy || this.#over) return;
    this.#busy = true;
    try {
      while (this.#passOne());
    } finally {
      this.#busy = false;
    }
    if (this.#queue.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  #passOne(): boolean {
    const front = this.#queue.front;
    if (front === undefined) return false;
    const wait = this.#rate.wait(front.length, now());
    if (wait > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait / NANOSECONDS));
      return false;
    }
    if (!this.#backend.send(front)) return false;
    this.#rate.take(front.length, now());
    this.#queue.shift();
    this.traffic.sent(front.length);
    return true;
  }

  #give(frame: NetFrame): boolean {
    const socket = this.#socket;
    if (socket.readyState !== WebSocket.OPEN) return true;
    if (socket.bufferedAmount > this.#limits.buffer) {
      this.#starved = true;
      return false;
    }
    const finished = finishFrame(frame);
    if (finished.length === 0) this.traffic.receiveDrops.add('offload');
    for (const { pieces, length } of finished) {
      socket.send(concatenate(pieces), this.#sent);
      this.traffic.received(length);
    }
    return true;
  }

  readonly #sent = (): void => {
    if (!this.#starved || this.#socket.bufferedAmount > this.#limits.buffer / 2) return;
    this.#starved = false;
    this.#backend.resume();
  };
}
