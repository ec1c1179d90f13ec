// The few globals that Node, browsers and their workers share; there is no type library for just those.
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const MessageChannel: new () => {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: null): void };
};
declare const performance: { now(): number };

/** Milliseconds of the host's monotonic clock, with a fraction. */
export const hostNow = (): number => performance.now();

/**
 * Gives the event loop one turn: input, timers and other cells get their share, and the caller goes on at once after
 * them. Not `setTimeout(0)`, which browsers clamp to 4 ms and Node to 1 ms. Node's message ports are drained in bulk,
 * so that a chain of messages would starve its I/O; `setImmediate` is right there.
 */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Longest delay that timers of every platform take, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** A sleep that can be cut short. */
export class Sleeper {
  #wake: (() => void) | undefined;
  #woken = false;
  /** Nobody writes to it: waiting for it is waiting for the time to pass. */
  #never: Int32Array<SharedArrayBuffer> | undefined =
    typeof SharedArrayBuffer === 'function' ? new Int32Array(new SharedArrayBuffer(4)) : undefined;

  /** Ends the sleep in progress, or the next one before it begins. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Forgets calls of `wake` so far: the caller looks at what they were about after this. */
  settle(): void {
    this.#woken = false;
  }

  /**
   * Stops the thread for less than a millisecond, which host timers cannot count. Nothing can wake it, and the event
   * loop waits too. False when this thread may not be stopped (a browser's main thread, or no shared memory).
   */
  nap(milliseconds: number): boolean {
    if (this.#never === undefined || this.#woken) return false;
    try {
      Atomics.wait(this.#never, 0, 0, milliseconds);
      return true;
    } catch {
      this.#never = undefined;
      return false;
    }
  }

  /**
   * Resolves after `milliseconds`, cut to a whole number but at least 1, or when woken. Undefined sleeps until woken,
   * with a timer all the same: it keeps a Node process alive whose guest waits for what only the outside can do.
   */
  sleep(milliseconds: number | undefined): Promise<void> {
    if (this.#woken) return turn();
    const delay = Math.min(Math.max(Math.trunc(milliseconds ?? LONGEST_TIMEOUT), 1), LONGEST_TIMEOUT);
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timeout);
        this.#wake = undefined;
        resolve();
      };
      const timeout = setTimeout(finish, delay);
      this.#wake = finish;
    });
  }
}
