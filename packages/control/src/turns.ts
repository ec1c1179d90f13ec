/** One after the other for each key, side by side for different ones. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `act` once all that was asked for before it under this key is over, whatever became of that. */
  take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(act);
    const over = Promise.allSettled([result]);
    this.#last.set(key, over);
    void over.then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key);
      return undefined;
    });
    return result;
  }

  /** Whether anything is under way or waits under this key. */
  busy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Resolves once nothing is under way. */
  async settled(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
