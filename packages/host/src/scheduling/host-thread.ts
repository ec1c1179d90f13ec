import type { Timer } from '@vivarium/contracts';
import { TimerQueue } from '@vivarium/timer-queue';
import { hostNow, Sleeper, turn } from '../event-loop.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;
/** Node's; microseconds. */
declare const process:
  | { readonly threadCpuUsage?: () => { readonly user: number; readonly system: number } }
  | undefined;

/** Host time as whoever gives out pCPUs sees it. */
export interface HostTime {
  readonly kind: 'real' | 'virtual';
  /** Nanoseconds since some moment, as a safe integer. Never goes back. */
  now(): number;
  /** Makes a disarmed timer on it. */
  timer(expired: () => void): Timer;
  /** A grant begins: somebody holds a pCPU. Returns its end. */
  occupy(): () => void;
}

/** What all cells of one thread share with each other and with whoever gives them pCPUs: its time, and its event loop. */
export interface HostThread extends HostTime {
  /** When the next timer is due, so that a stretch of guest execution ends there. */
  readonly nextDeadline: number | undefined;
  /** Calls timers that are due, in the middle of guest execution; returns how many. */
  fire(): number;
  /**
   * Nanoseconds that this thread has run so far: two readings around a stretch of guest execution are what it took. CPU
   * time where the platform tells it, so that what the host's operating system gave to others meanwhile is not charged.
   */
  consumed(): number;
  /** Guest code took that long: virtual time passes by it. */
  passed(nanoseconds: number): void;
  /** Gives the event loop a turn if the last one is `milliseconds` ago; undefined if not. */
  breathe(milliseconds: number): Promise<void> | undefined;
}

/** Nothing is to be waited for that is further away, in milliseconds; host timers take no longer delays. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** What both kinds have in common: timers, who runs, and turns of the event loop. */
abstract class Thread {
  protected readonly queue = new TimerQueue();
  /** Grants in progress. */
  protected running = 0;
  #lastTurn = hostNow();

  /** A timer was set, or nobody runs any more. */
  protected abstract changed(): void;

  get nextDeadline(): number | undefined {
    return this.queue.nextDeadline;
  }

  timer(expired: () => void): Timer {
    const timer = this.queue.timer(expired);
    const armed = (): void => this.changed();
    return {
      arm(deadline) {
        timer.arm(deadline);
        armed();
      },
      cancel: () => timer.cancel(),
      get deadline() {
        return timer.deadline;
      },
    };
  }

  occupy(): () => void {
    this.running += 1;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.running -= 1;
      if (this.running === 0) this.changed();
    };
  }

  breathe(milliseconds: number): Promise<void> | undefined {
    return hostNow() - this.#lastTurn < milliseconds ? undefined : this.turn();
  }

  protected async turn(): Promise<void> {
    await turn();
    this.#lastTurn = hostNow();
  }
}

/** Follows the host's monotonic clock. */
class RealThread extends Thread implements HostThread {
  readonly kind = 'real';
  readonly #sleeper = new Sleeper();
  #planned: { readonly deadline: number; readonly timeout: unknown } | undefined;

  now(): number {
    return Math.floor(hostNow() * 1e6);
  }

  passed(): void {}

  consumed(): number {
    const usage = typeof process === 'undefined' ? undefined : process.threadCpuUsage?.();
    return usage === undefined ? this.now() : (usage.user + usage.system) * 1000;
  }

  fire(): number {
    const { nextDeadline } = this.queue;
    return nextDeadline === undefined || nextDeadline > this.now() ? 0 : this.queue.fire(this.now());
  }

  protected changed(): void {
    const deadline = this.queue.nextDeadline;
    if (deadline === undefined || (this.#planned !== undefined && this.#planned.deadline <= deadline)) return;
    clearTimeout(this.#planned?.timeout);
    // Whole milliseconds, rounded down, are what host timers count; the rest is waited for when they are over.
    const wait = Math.min(Math.max(Math.trunc((deadline - this.now()) / 1e6), 1), LONGEST_WAIT);
    this.#planned = { deadline, timeout: setTimeout(() => void this.#timedOut(), wait) };
  }

  async #timedOut(): Promise<void> {
    this.#planned = undefined;
    for (;;) {
      this.fire();
      const deadline = this.queue.nextDeadline;
      const wait = deadline === undefined ? 1 : (deadline - this.now()) / 1e6;
      if (wait >= 1) break;
      // Where somebody runs the thread has to listen, and a turn of the event loop is as long as that takes.
      if (wait > 0 && (this.running > 0 || !this.#sleeper.nap(wait))) await this.turn();
    }
    this.changed();
  }
}

/** Time passes as guests run, and jumps to the next timer when nobody does. One pCPU at most can live in it. */
class VirtualThread extends Thread implements HostThread {
  readonly kind = 'virtual';
  #now = 0;
  #resting = false;

  now(): number {
    return this.#now;
  }

  passed(nanoseconds: number): void {
    this.#now += nanoseconds;
  }

  consumed(): number {
    return this.#now;
  }

  fire(): number {
    return this.queue.fire(this.#now);
  }

  protected changed(): void {
    if (this.running === 0 && !this.#resting && this.queue.nextDeadline !== undefined) void this.#rest();
  }

  async #rest(): Promise<void> {
    this.#resting = true;
    for (;;) {
      // Whatever follows from what was done so far is done after this.
      await this.turn();
      const deadline = this.queue.nextDeadline;
      if (this.running > 0 || deadline === undefined) break;
      this.#now = Math.max(this.#now, deadline);
      this.fire();
    }
    this.#resting = false;
  }
}

/**
 * Makes what inline cells on this thread and their dispatcher share. With `virtual`, for machines with a virtual clock,
 * time is the number of instructions of all of them, so that a whole host is a pure function of its inputs.
 */
export const createHostThread = (kind: 'real' | 'virtual' = 'real'): HostThread =>
  kind === 'real' ? new RealThread() : new VirtualThread();
