import type { BalloonStatistics, Clock, Timer, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { parseStatistics, STATISTICS_SIZE } from './memory-statistics.ts';

/** What {@link StatisticsPoll} needs. */
export interface StatisticsPollParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly timer: (expired: () => void) => Timer;
  readonly received: (statistics: BalloonStatistics) => void;
}

const SECOND = 1e9;
const SHORTEST = 0.1;
const LONGEST = 24 * 60 * 60;

/**
 * The statistics queue (section 5.5.6.3), where the device asks: it keeps the driver's one buffer, and giving it back is
 * the question that the next one answers.
 */
export class StatisticsPoll {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #received: (statistics: BalloonStatistics) => void;
  readonly #timer: Timer;
  #seconds = 0;
  #queue: VirtioQueue | undefined;
  #held: VirtioRequest | undefined;
  #latest: BalloonStatistics | undefined;

  constructor({ clock, timer, received }: StatisticsPollParts) {
    this.#clock = clock;
    this.#received = received;
    this.#timer = timer(() => this.#ask());
  }

  get latest(): BalloonStatistics | undefined {
    return this.#latest;
  }

  /** Asks now and every so many seconds, or, with 0, no more. */
  every(seconds: number): void {
    if (seconds !== 0 && !(seconds >= SHORTEST && seconds <= LONGEST)) {
      throw errors.make(
        'VIV_BALLOON_INTERVAL',
        `statistics come every ${SHORTEST} to ${LONGEST} seconds, not every ${seconds}`,
      );
    }
    this.#seconds = seconds;
    if (seconds === 0) this.#timer.cancel();
    else this.#ask();
  }

  activate(queue: VirtioQueue | undefined): void {
    this.#queue = queue;
    // Linux makes its first buffer available before it is ready, and does not notify again.
    this.notified();
  }

  notified(): void {
    const queue = this.#queue;
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      // A driver has one buffer (section 5.5.6.3.1); one that has more gets the older ones back.
      if (this.#held !== undefined) queue.complete(this.#held, 0);
      this.#held = request;
      const now = this.#clock.now();
      this.#latest = parseStatistics(request.read(0, STATISTICS_SIZE), now);
      this.#received(this.#latest);
      if (this.#seconds > 0) this.#timer.arm(now + Math.round(this.#seconds * SECOND));
    }
  }

  reset(): void {
    this.#queue = undefined;
    this.#held = undefined;
    this.#latest = undefined;
    this.#timer.cancel();
  }

  #ask(): void {
    const request = this.#held;
    if (request === undefined) return;
    this.#timer.cancel();
    this.#held = undefined;
    this.#queue?.complete(request, 0);
  }
}
