/** Random numbers that are the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Xorshift stays at zero for ever; neighbouring seeds are spread by an odd constant.
    this.#state = Math.imul(seed ^ 0x5bd1_e995, 0x9e37_79b1) >>> 0 || 1;
  }

  /** A fraction in [0, 1), by xorshift 13-17-5 (G. Marsaglia, Journal of Statistical Software 8/14, 2003). */
  fraction(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** A whole number of at least 1, exponentially distributed. */
  exponential(mean: number): number {
    return 1 + Math.floor(-Math.log(1 - this.fraction()) * mean);
  }
}
