import type { SwitchClock } from './host-clock.ts';

/** A port as the fabric sees it. */
export interface Worker {
  /** Does at most `budget` frames of what it has put off, and says how many that were. It asks again for the rest. */
  work(budget: number): number;
}

/** Frames that are moved before the caller is let go: two guests that answer each other at once never stop. */
const BUDGET = 2048;
/** Frames of one port before it is the next one's turn. */
const TURN = 32;

/**
 * Runs what ports have put off, one after the other instead of one inside of the other: a device that sends from within
 * `receive` only adds to the list. What is left when the budget is used up goes on with the clock's next timers.
 */
export class Fabric {
  readonly clock: SwitchClock;
  readonly #timer;
  readonly #waiting = new Set<Worker>();
  readonly #wakes = new Map<Worker, number>();
  #busy = false;

  constructor(clock: SwitchClock) {
    this.clock = clock;
    this.#timer = clock.timer(() => this.#expired());
  }

  /** Frames are being moved: this call comes from within a device. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Runs `act`, and then all that it, or what it called, has put off. */
  run(act: () => void): void {
    if (this.#busy) {
      act();
      return;
    }
    this.#busy = true;
    try {
      act();
      this.#pump();
    } finally {
      this.#busy = false;
    }
  }

  /** `worker` has something to do, now or after the present frame. */
  request(worker: Worker): void {
    this.#waiting.add(worker);
    if (!this.#busy) this.run(() => {});
  }

  /** `worker` has something to do at `time`; the earliest of several wishes counts. */
  wakeAt(worker: Worker, time: number): void {
    const earlier = this.#wakes.get(worker);
    if (earlier !== undefined && earlier <= time) return;
    this.#wakes.set(worker, time);
    this.#arm(time);
  }

  /** Forgets `worker`. */
  remove(worker: Worker): void {
    this.#waiting.delete(worker);
    this.#wakes.delete(worker);
  }

  dispose(): void {
    this.#timer.cancel();
    this.#waiting.clear();
    this.#wakes.clear();
  }

  #pump(): void {
    let budget = BUDGET;
    while (this.#waiting.size > 0) {
      for (const worker of this.#waiting) {
        if (budget <= 0) {
          this.#arm(this.clock.now());
          return;
        }
        this.#waiting.delete(worker);
        budget -= Math.max(1, worker.work(Math.min(TURN, budget)));
      }
    }
  }

  #expired(): void {
    const now = this.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [worker, time] of this.#wakes) {
      if (time <= now) {
        this.#wakes.delete(worker);
        this.#waiting.add(worker);
      } else {
        next = Math.min(next, time);
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
    this.run(() => {});
  }

  #arm(time: number): void {
    if (this.#timer.deadline === undefined || this.#timer.deadline > time) this.#timer.arm(time);
  }
}
