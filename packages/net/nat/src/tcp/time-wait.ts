/** A connection that is over, of which the guest may have missed the last word (RFC 9293, section 3.6.1). */
export interface Remembered {
  readonly next: number;
  readonly expected: number;
  readonly expires: number;
}

/** Nanoseconds: twice the lifetime of a segment, which on this link is short. */
const TIME_WAIT = 10e9;

/** Connections in TIME-WAIT, the oldest first; beyond the cap the oldest are forgotten. */
export class TimeWait {
  readonly #capacity: number;
  readonly #entries = new Map<string, Remembered>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(key: string, numbers: Omit<Remembered, 'expires'>, now: number): void {
    this.#entries.delete(key);
    for (const [oldest, { expires }] of this.#entries) {
      if (expires > now && this.#entries.size < this.#capacity) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { ...numbers, expires: now + TIME_WAIT });
  }

  find(key: string, now: number): Remembered | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expires > now) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
