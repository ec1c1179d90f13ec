import type { ConsoleView, ConsoleViewer, HostConsole } from '@vivarium/host';
import { TokenBucket } from '@vivarium/token-bucket';
import { errors } from './errors.ts';
import { GuestLines } from './guest-lines.ts';
import { type GuestRequest, inputOf, parseGuestRequest } from './guest-request.ts';
import { problemOf } from './problem.ts';
import type { Principal } from './roles.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** Requests of one guest: more wait, and the guest with them. */
const REQUESTS = { rate: 20, burst: 40 };
/** Calls of one guest at a time. */
const MOST_CALLS = 4;
/** Bytes of one answer. */
const LARGEST_ANSWER = 256 * 1024;
/** Bytes of answers that the guest does not read, above which nothing more is taken from it. */
const LARGEST_BACKLOG = 64 * 1024;
const MILLISECOND = 1e6;

/** What of a control plane guests come to. */
export interface GuestControl {
  call(principal: Principal, name: string, input: unknown): Promise<unknown>;
  refused(principal: Principal, what: string, code: string): void;
}

/** What a channel works with. */
export interface GuestChannelParts {
  readonly control: GuestControl;
  /** Who asks: the guest, with the role that it has now. */
  readonly principal: () => Principal;
  /** Nanoseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** The console is gone. */
  readonly closed: () => void;
}

/**
 * The requests of one guest to the control plane, over a console of its machine: a line of JSON each,
 * `{"id":1,"call":"list","input":{}}`, answered by a line `{"id":1,"output":…}` or `{"id":1,"problem":…}`. The guest is
 * hostile: what it may ask is decided elsewhere, how much and how fast here. Whoever asks too much waits.
 */
export class GuestChannel implements ConsoleViewer {
  readonly #parts: GuestChannelParts;
  readonly #view: ConsoleView;
  readonly #lines = new GuestLines();
  readonly #bucket: TokenBucket;
  #calls = 0;
  #unsent: Uint8Array[] = [];
  #backlog = 0;
  #timer: unknown;
  #held = false;
  #gone = false;

  /** Throws `VIV_CELL_VIEWERS`. */
  constructor(console: HostConsole, parts: GuestChannelParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(REQUESTS, parts.now());
    // What was asked before was asked of another, and is not to be done twice.
    this.#view = console.attach(this, { scrollback: 0, slow: 'hold' });
  }

  output(bytes: Uint8Array, lost: number): boolean {
    this.#lines.push(bytes, lost);
    this.#work();
    this.#held = this.#lines.ready;
    return !this.#held;
  }

  writable(): void {
    this.#flush();
    this.#goOn();
  }

  closed(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#timer);
    this.#unsent = [];
    this.#parts.closed();
  }

  /** Takes what may be taken now. */
  #work(): void {
    while (!this.#gone && this.#lines.ready && this.#calls < MOST_CALLS && this.#backlog < LARGEST_BACKLOG) {
      const now = this.#parts.now();
      if (!this.#bucket.take(1, now)) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#goOn(), Math.ceil(this.#bucket.wait(1, now) / MILLISECOND));
        return;
      }
      const line = this.#lines.take();
      const request = line && parseGuestRequest(line);
      if (request === undefined) continue;
      if ('call' in request) void this.#ask(request);
      else this.#refuse(request);
    }
  }

  #goOn(): void {
    this.#work();
    if (this.#gone || !this.#held || this.#lines.ready) return;
    this.#held = false;
    this.#view.resume();
  }

  #refuse({ id, wrong }: { readonly id: GuestRequest['id'] | null; readonly wrong: string }): void {
    const error = errors.make('VIV_CONTROL_INPUT', wrong);
    this.#parts.control.refused(this.#parts.principal(), '(no request)', error.code);
    this.#answer({ id, problem: problemOf(error) });
  }

  async #ask(request: GuestRequest): Promise<void> {
    const { id, call } = request;
    this.#calls++;
    try {
      const output: unknown = await this.#parts.control.call(this.#parts.principal(), call, inputOf(request));
      this.#answer({ id, output });
    } catch (error) {
      this.#answer({ id, problem: problemOf(error) });
    } finally {
      this.#calls--;
    }
    this.#goOn();
  }

  #answer(answer: {
    readonly id: GuestRequest['id'] | null;
    readonly output?: unknown;
    readonly problem?: unknown;
  }): void {
    if (this.#gone) return;
    let bytes = new TextEncoder().encode(`${JSON.stringify(answer)}\n`);
    if (bytes.length > LARGEST_ANSWER) {
      const error = errors.make(
        'VIV_CONTROL_ANSWER',
        `the answer has ${bytes.length} bytes, ${LARGEST_ANSWER} at most`,
      );
      bytes = new TextEncoder().encode(`${JSON.stringify({ id: answer.id, problem: problemOf(error) })}\n`);
    }
    this.#unsent.push(bytes);
    this.#backlog += bytes.length;
    this.#flush();
  }

  #flush(): void {
    for (let [bytes] = this.#unsent; bytes !== undefined; [bytes] = this.#unsent) {
      const taken = this.#view.send(bytes);
      this.#backlog -= taken;
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }
}
