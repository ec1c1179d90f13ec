import type { Clock, Timer } from '@vivarium/contracts';

/** Something with timers of its own. */
export interface Expiring {
  /** Runs what is due at `now`, and says when the next is; infinity for none. */
  expire(now: number): number;
}

/**
 * One timer for all. A deadline that moves away costs nothing: the timer rings at the old one, and everything is looked
 * through then. Connections move theirs with each segment.
 */
export class Deadlines {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #timer: Timer;
  readonly #expiring: Expiring[] = [];
  readonly #after: () => void;

  /** `after` runs when timers have. */
  constructor(clock: Pick<Clock, 'now'>, timer: (expired: () => void) => Timer, after: () => void) {
    this.#clock = clock;
    this.#timer = timer(() => this.#ring());
    this.#after = after;
  }

  add(expiring: Expiring): void {
    this.#expiring.push(expiring);
  }

  wakeAt(time: number): void {
    const armed = this.#timer.deadline;
    if (time < (armed ?? Number.POSITIVE_INFINITY)) this.#timer.arm(Math.ceil(time));
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #ring(): void {
    const now = this.#clock.now();
    for (const expiring of this.#expiring) this.wakeAt(expiring.expire(now));
    this.#after();
  }
}
