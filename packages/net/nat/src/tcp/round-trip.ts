const MILLISECOND = 1e6;
/** Shorter than the second of RFC 6298, because the other end is in the same house; not so short that a busy guest pays. */
const SHORTEST = 250 * MILLISECOND;
const LONGEST = 60_000 * MILLISECOND;
const FIRST = 1000 * MILLISECOND;

/** The time after which a segment counts as lost (RFC 6298), in nanoseconds. */
export class RoundTrip {
  #smoothed: number | undefined;
  #variation = 0;
  #base = FIRST;
  #backoff = 1;

  get timeout(): number {
    return Math.min(this.#base * this.#backoff, LONGEST);
  }

  /** One measured round trip, of a segment that was sent once. */
  measured(time: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = time;
      this.#variation = time / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - time) - this.#variation) / 4;
      this.#smoothed += (time - this.#smoothed) / 8;
    }
    this.#base = Math.max(SHORTEST, this.#smoothed + 4 * this.#variation);
  }

  /** A timer ran out: the next one waits twice as long. */
  lost(): void {
    this.#backoff = Math.min(this.#backoff * 2, 256);
  }

  /** Something new was acknowledged. */
  acknowledged(): void {
    this.#backoff = 1;
  }
}
