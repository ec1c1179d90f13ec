import type { Clock, Timer } from '@vivarium/contracts';

/** What a switch needs of a clock. */
export type SwitchClock = Pick<Clock, 'now' | 'timer' | 'epoch'>;

/** In every platform, but not in the language's own library. */
declare const performance: { now(): number };
declare const setTimeout: (act: () => void, milliseconds: number) => number | { unref(): void };
declare const clearTimeout: (handle: unknown) => void;

/** Longest time that platforms can wait for, in milliseconds. */
const LONGEST = 2 ** 31 - 1;
const MILLISECOND = 1e6;

/** Does not keep a process alive that has nothing else to do. */
const start = (act: () => void, milliseconds: number): unknown => {
  const handle = setTimeout(act, milliseconds);
  // Node's handle is an object, a browser's a number.
  if (typeof handle === 'object') handle.unref();
  return handle;
};

class HostTimer implements Timer {
  deadline: number | undefined;
  readonly #now: () => number;
  readonly #expired: () => void;
  #handle: unknown;

  constructor(now: () => number, expired: () => void) {
    this.#now = now;
    this.#expired = expired;
  }

  arm(deadline: number): void {
    this.cancel();
    if (!(deadline <= Number.MAX_SAFE_INTEGER)) return;
    this.deadline = deadline;
    const left = Math.ceil((deadline - this.#now()) / MILLISECOND);
    this.#handle = start(() => this.#ring(), Math.min(Math.max(left, 0), LONGEST));
  }

  cancel(): void {
    clearTimeout(this.#handle);
    this.deadline = undefined;
  }

  #ring(): void {
    const { deadline } = this;
    if (deadline === undefined) return;
    if (this.#now() < deadline) {
      this.arm(deadline);
      return;
    }
    this.deadline = undefined;
    this.#expired();
  }
}

/** The host's time, for a switch that several machines share: theirs may stand still. */
export const hostClock = (): SwitchClock => {
  const epoch = BigInt(Date.now()) * BigInt(MILLISECOND);
  const origin = performance.now();
  const now = (): number => Math.floor((performance.now() - origin) * MILLISECOND);
  return { now, epoch, timer: (expired) => new HostTimer(now, expired) };
};
