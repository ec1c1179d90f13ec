import type { Timer } from '@vivarium/contracts';

/** A timer and its place in the queue's list, which runs by deadline, then by arming. */
class QueuedTimer implements Timer {
  readonly expired: () => void;
  readonly #queue: TimerQueue;
  deadline: number | undefined;
  /** Which arming of the queue put it here. */
  arming = 0;
  previous: QueuedTimer | undefined;
  next: QueuedTimer | undefined;

  constructor(queue: TimerQueue, expired: () => void) {
    this.#queue = queue;
    this.expired = expired;
  }

  arm(deadline: number): void {
    this.#queue.insert(this, deadline);
  }

  cancel(): void {
    this.#queue.remove(this);
  }
}

/**
 * One-shot timers in order of deadline, then of arming. Arming and cancelling allocate nothing: guests re-arm their
 * timers thousands of times a second. A list, because a machine has a handful of timers.
 */
export class TimerQueue {
  #first: QueuedTimer | undefined;
  #armings = 0;

  /** Makes a disarmed timer. A deadline that is no number, or above 2^53−1, never comes: arming it only cancels. */
  timer(expired: () => void): Timer {
    return new QueuedTimer(this, expired);
  }

  /** Earliest armed deadline, or undefined. */
  get nextDeadline(): number | undefined {
    return this.#first?.deadline;
  }

  /**
   * Calls every timer with a deadline of at most `now` and returns how many. A timer that is armed by one of these
   * calls waits for the next `fire`, even when it is already due: a guest that keeps arming the past cannot hold
   * the caller here.
   */
  fire(now: number): number {
    const lastArming = this.#armings;
    let fired = 0;
    for (let due = this.#due(now, lastArming); due !== undefined; due = this.#due(now, lastArming)) {
      this.remove(due);
      fired += 1;
      due.expired();
    }
    return fired;
  }

  /** Cancels every timer. */
  clear(): void {
    while (this.#first !== undefined) this.remove(this.#first);
  }

  /** @internal */
  insert(timer: QueuedTimer, deadline: number): void {
    this.remove(timer);
    if (!(deadline <= Number.MAX_SAFE_INTEGER)) return;
    let previous: QueuedTimer | undefined;
    let next = this.#first;
    while (next?.deadline !== undefined && next.deadline <= deadline) {
      previous = next;
      next = next.next;
    }
    timer.deadline = deadline;
    this.#armings += 1;
    timer.arming = this.#armings;
    timer.previous = previous;
    timer.next = next;
    if (previous === undefined) this.#first = timer;
    else previous.next = timer;
    if (next !== undefined) next.previous = timer;
  }

  /** @internal */
  remove(timer: QueuedTimer): void {
    if (timer.deadline === undefined) return;
    if (timer.previous === undefined) this.#first = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.deadline = undefined;
  }

  #due(now: number, lastArming: number): QueuedTimer | undefined {
    let timer = this.#first;
    while (timer?.deadline !== undefined && timer.deadline <= now) {
      if (timer.arming <= lastArming) return timer;
      timer = timer.next;
    }
    return undefined;
  }
}
