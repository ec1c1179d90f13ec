import { type OpenStream, type Problem, problemOf, type Stream, type StreamPeer } from '@vivarium/control';
import { TokenBucket } from '@vivarium/token-bucket';
import type { RawData, WebSocket } from 'ws';
import { errors } from '../errors.ts';
import { parseObject } from '../http/body.ts';
import type { ServerLimits } from '../limits.ts';

/** Bytes on their way to a caller above which it is slow, and below which it is not any more. */
const HIGH = 256 << 10;
const LOW = 64 << 10;

/** Codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const FAILED = 1011;

/** What a socket is the transport of. */
export interface StreamOrder {
  readonly operation: Stream;
  /** Opens the stream; `rest` is the first message. Throws coded errors. */
  open(rest: Readonly<Record<string, unknown>>, peer: StreamPeer): OpenStream;
  /** It is over, with the problem that ended it, if any. */
  over(problem: Problem | undefined): void;
}

const bytesOf = (data: RawData): Uint8Array => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return Array.isArray(data) ? Buffer.concat(data) : data;
};

/** A stream of the control plane over a WebSocket. What one side does not take, the other does not send. */
export class StreamSocket implements StreamPeer {
  readonly #socket: WebSocket;
  readonly #order: StreamOrder;
  readonly #flood: TokenBucket;
  readonly #first: NodeJS.Timeout;
  #stream: OpenStream | undefined;
  #problem: Problem | undefined;
  /** Input that the control plane has not taken. */
  #held: { readonly channel: number; readonly bytes: Uint8Array }[] = [];
  #slow = false;
  /** The code with which to close once all that was said is with the caller. */
  #closing: number | undefined;
  #gone = false;

  constructor(socket: WebSocket, order: StreamOrder, limits: ServerLimits) {
    this.#socket = socket;
    this.#order = order;
    this.#flood = new TokenBucket(limits.messages, this.#now());
    this.#first = setTimeout(
      () => this.end(errors.make('VIV_DAEMON_TIMEOUT', 'the first message did not come')),
      limits.headerTime,
    );
    socket.on('message', this.#heard);
    socket.on('ping', (data: Buffer) => {
      if (this.#counts() && socket.bufferedAmount < HIGH) socket.pong(data, undefined, this.#sent);
    });
    socket.on('pong', () => void this.#counts());
    // A message that is too large, or none: the library closes with the code of that.
    socket.on('error', () => {});
    socket.once('close', this.#closed);
  }

  /** Asks for a sign of life; writing shows that a caller has gone, also while it is not listened to. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(undefined, undefined, this.#sent);
  }

  /** The daemon leaves. */
  leave(): void {
    this.#stream?.close();
    this.#finish(GOING_AWAY);
  }

  bytes(channel: number, bytes: Uint8Array): boolean {
    const frame = new Uint8Array(bytes.length + 1);
    frame[0] = channel;
    frame.set(bytes, 1);
    return this.#send(frame);
  }

  note(note: unknown): boolean {
    return this.#send(JSON.stringify(note));
  }

  end(error?: unknown): void {
    if (this.#closing !== undefined) return;
    if (error === undefined) this.#finish(NORMAL);
    else {
      this.#problem = problemOf(error);
      this.#send(JSON.stringify({ kind: 'error', problem: this.#problem }));
      this.#finish(FAILED);
    }
  }

  writable(): void {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const taken = this.#stream?.bytes(next.channel, next.bytes) ?? next.bytes.length;
      if (taken >= next.bytes.length) continue;
      this.#held.unshift({ channel: next.channel, bytes: next.bytes.subarray(taken) });
      this.#socket.pause();
      return;
    }
    this.#socket.resume();
  }

  #now(): number {
    return performance.now() * 1e6;
  }

  /** Counts a message, and ends what comes in floods. */
  #counts(): boolean {
    if (this.#closing !== undefined) return false;
    if (this.#flood.take(1, this.#now())) return true;
    this.#fail(errors.make('VIV_DAEMON_FLOOD', 'too many messages'));
    return false;
  }

  readonly #heard = (data: RawData, binary: boolean): void => {
    if (!this.#counts()) return;
    try {
      if (this.#stream === undefined) this.#open(data, binary);
      else if (binary) this.#input(bytesOf(data));
      else this.#stream.note(parseObject(bytesOf(data)) as never);
    } catch (error) {
      this.#fail(error);
    }
  };

  #open(data: RawData, binary: boolean): void {
    clearTimeout(this.#first);
    if (binary) throw errors.make('VIV_DAEMON_FRAME', 'the first message is no text');
    this.#stream = this.#order.open(parseObject(bytesOf(data)), this);
  }

  #input(message: Uint8Array): void {
    const [channel = -1] = message;
    if (!this.#order.operation.takes.includes(channel)) {
      throw errors.make('VIV_DAEMON_FRAME', `there is no channel ${channel} that takes bytes`);
    }
    this.#held.push({ channel, bytes: message.subarray(1) });
    if (this.#held.length === 1) this.writable();
  }

  #send(message: string | Uint8Array): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#closing !== undefined) return true;
    this.#socket.send(message, this.#sent);
    this.#slow ||= this.#socket.bufferedAmount > HIGH;
    return !this.#slow;
  }

  readonly #sent = (): void => {
    const { bufferedAmount } = this.#socket;
    if (this.#closing !== undefined) {
      if (bufferedAmount === 0) this.#socket.close(this.#closing);
    } else if (this.#slow && bufferedAmount <= LOW) {
      this.#slow = false;
      this.#stream?.resume();
    }
  };

  /** From the caller's side: the control plane does not know yet. */
  #fail(error: unknown): void {
    this.#stream?.close();
    this.end(error);
  }

  #finish(code: number): void {
    this.#closing ??= code;
    clearTimeout(this.#first);
    this.#held = [];
    // The caller's answer to the close has to be heard.
    this.#socket.resume();
    // The library gives the caller little time from its close on, and a slow one has all it needs until then.
    this.#sent();
  }

  readonly #closed = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#first);
    this.#held = [];
    if (this.#closing === undefined) this.#stream?.close();
    this.#order.over(this.#problem);
  };
}
