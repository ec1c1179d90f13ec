declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;

/** Between two looks at what tells of nothing by itself. */
const LOOK_AGAIN = 20;

/** A wait for a guest that ends at its deadline, or when somebody calls it off: the signal's reason says why. */
export class Patience implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: unknown;

  constructor(milliseconds: number, late: () => Error) {
    this.#timer = setTimeout(() => this.#controller.abort(late()), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  callOff(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Resolves with `work`, unless the wait ends first: then it rejects, whatever becomes of the work. */
  async during<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    signal.throwIfAborted();
    let over = (): void => {};
    const end = new Promise<never>((_, reject) => {
      over = () => reject(signal.reason as Error);
      signal.addEventListener('abort', over);
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      signal.removeEventListener('abort', over);
      work.catch(() => {}); // nobody waits for it any more
    }
  }

  /** Resolves when it holds; asks again and again. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await this.during(
        new Promise<void>((resolve) => {
          setTimeout(resolve, LOOK_AGAIN);
        }),
      );
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
