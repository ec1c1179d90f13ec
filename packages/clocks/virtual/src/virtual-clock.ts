import type { Clock, Timer, VirtualTime } from '@vivarium/contracts';
import { TimerQueue } from '@vivarium/timer-queue';

/** What {@link VirtualClock} is made of. */
export interface VirtualClockSettings {
  /** A positive integer. */
  readonly nanosecondsPerInstruction: number;
  /** Wall-clock time at power-on, nanoseconds since the Unix epoch. */
  readonly epoch: bigint;
}

/** Time that moves only when the machine's run loop says so: `retired instructions × nanosecondsPerInstruction`. */
export class VirtualClock implements Clock, VirtualTime {
  readonly kind = 'virtual';
  readonly nanosecondsPerInstruction: number;
  readonly epoch: bigint;
  readonly virtual: VirtualTime = this;
  readonly #timers = new TimerQueue();
  /** Time without what the running slice adds. */
  #base = 0;
  #retiredInSlice: (() => number) | undefined;
  /** The last answer: the next one is not before it, even when a slice ends without `advanceTo`. */
  #last = 0;

  constructor(settings: VirtualClockSettings) {
    this.nanosecondsPerInstruction = settings.nanosecondsPerInstruction;
    this.epoch = settings.epoch;
  }

  now(): number {
    const now = this.#base + this.#sliceTime();
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
    return this.#timers.fire(this.now());
  }

  pause(): void {}

  resume(): void {}

  reset(): void {
    this.#timers.clear();
    this.#last = 0;
    this.#base = -this.#sliceTime();
  }

  advanceTo(now: number): void {
    this.#base = Math.max(now, this.now()) - this.#sliceTime();
  }

  follow(retiredInSlice: (() => number) | undefined): void {
    this.#retiredInSlice = retiredInSlice;
  }

  #sliceTime(): number {
    return this.#retiredInSlice === undefined ? 0 : this.#retiredInSlice() * this.nanosecondsPerInstruction;
  }
}
