/**
 * Bytes that all connections together may hold: what is buffered, and what is promised to guests as window. Each
 * connection gets a small share whatever the others hold, so that none starves.
 */
export class BufferBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  /** Holds `more` bytes, or gives them back when negative. */
  change(more: number): void {
    this.#used += more;
  }
}

/** Share of each direction of each connection that is always there, in bytes. */
export const FLOOR = 16_384;
