/** What has been seen to happen: each behaviour, and which one followed which. */
export class Behaviours {
  readonly #known = new Set<string>();
  #last = '';
  #news = false;

  readonly see = (behaviour: string): void => {
    const step = `${this.#last}>${behaviour}`;
    this.#last = behaviour;
    if (this.#known.has(step)) return;
    this.#known.add(step);
    this.#news = true;
  };

  get count(): number {
    return this.#known.size;
  }

  /** Whether something was new since the last call; the next behaviour follows none. */
  take(): boolean {
    const news = this.#news;
    this.#news = false;
    this.#last = '';
    return news;
  }
}
