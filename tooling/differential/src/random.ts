/** A small seeded generator (splitmix32): the same seed makes the same programs on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 random bits, unsigned. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** An integer from 0 to `limit` − 1. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit);
  }

  /** True once in `count` calls on average. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  bits(width: number): bigint {
    return BigInt.asUintN(width, (BigInt(this.word()) << 32n) | BigInt(this.word()));
  }
}

/** A seed for sequence `index` of the run with `seed`, so that each sequence can be made alone. */
export const seedOf = (seed: number, index: number): number =>
  new Random(Math.imul(seed, 0x27d4eb2f) ^ new Random(index).word()).word();
