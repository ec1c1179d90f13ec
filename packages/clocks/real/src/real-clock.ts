import type { Clock, Timer } from '@vivarium/contracts';
import { TimerQueue } from '@vivarium/timer-queue';

/** Where the clock takes its time from; replaceable for tests. */
export interface TimeSource {
  /** Milliseconds with fractions, from any origin, never going back: `performance.now`. */
  monotonic(): number;
  /** Milliseconds since the Unix epoch: `Date.now`. */
  wall(): number;
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The host's monotonic clock, counted from power-on and stopped while the machine is not running. */
export class RealClock implements Clock {
  readonly kind = 'real';
  readonly #source: TimeSource;
  readonly #timers = new TimerQueue();
  /** Reading of the source when time last went on; undefined while it stands still. */
  #runningSince: number | undefined;
  /** Nanoseconds up to then. */
  #elapsed = 0;
  /** The last answer: the next one is not before it, whatever the source does. */
  #last = 0;
  #epoch: bigint;

  constructor(source: TimeSource) {
    this.#source = source;
    this.#epoch = this.#wallTime();
  }

  get epoch(): bigint {
    return this.#epoch;
  }

  now(): number {
    const since = this.#runningSince;
    const passed =
      since === undefined ? 0 : Math.floor((this.#source.monotonic() - since) * NANOSECONDS_PER_MILLISECOND);
    const now = this.#elapsed + passed;
    if (now > this.#last) this.#last = now;
    return this.#last;
  }

  timer(expired: () => void): Timer {
    return this.#timers.timer(expired);
  }

  get nextDeadline(): number | undefined {
    return this.#timers.nextDeadline;
  }

  fire(): number {
    return this.#timers.nextDeadline === undefined ? 0 : this.#timers.fire(this.now());
  }

  pause(): void {
    if (this.#runningSince === undefined) return;
    this.#elapsed = this.now();
    this.#runningSince = undefined;
  }

  resume(): void {
    this.#runningSince ??= this.#source.monotonic();
  }

  reset(): void {
    this.#timers.clear();
    this.#elapsed = 0;
    this.#last = 0;
    if (this.#runningSince !== undefined) this.#runningSince = this.#source.monotonic();
    this.#epoch = this.#wallTime();
  }

  #wallTime(): bigint {
    return BigInt(Math.floor(this.#source.wall())) * BigInt(NANOSECONDS_PER_MILLISECOND);
  }
}
