import type { Clock, Timer } from '@vivarium/contracts';

/** What {@link Deadlines} needs. */
export interface DeadlineParts<T> {
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
  readonly expired: (thing: T) => void;
}

/** A time limit for each of many things, with one timer. */
export class Deadlines<T> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #timer: Timer;
  readonly #deadlines = new Map<T, number>();

  constructor({ clock, timer, expired }: DeadlineParts<T>) {
    this.#clock = clock;
    this.#timer = timer(() => {
      const now = clock.now();
      for (const [thing, deadline] of [...this.#deadlines]) {
        if (deadline > now || !this.#deadlines.delete(thing)) continue;
        expired(thing);
      }
      this.#arm();
    });
  }

  /** Replaces the one that was set. */
  set(thing: T, nanoseconds: number): void {
    const deadline = this.#clock.now() + nanoseconds;
    this.#deadlines.set(thing, deadline);
    if (this.#timer.deadline === undefined || this.#timer.deadline > deadline) this.#timer.arm(deadline);
  }

  /** The timer may run out for nothing. */
  delete(thing: T): void {
    this.#deadlines.delete(thing);
  }

  #arm(): void {
    const earliest = Math.min(...this.#deadlines.values());
    if (Number.isFinite(earliest)) this.#timer.arm(earliest);
  }
}
