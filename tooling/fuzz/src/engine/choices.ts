/** Sizes at which things go wrong, small ones first. */
const SIZES = [
  0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 20, 31, 32, 40, 43, 44, 63, 64, 127, 128, 255, 256, 511, 512, 513, 1024, 1500,
  4095, 4096, 4097, 8192, 32_767, 32_768, 65_535, 65_536, 131_072, 0x10_0000, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000,
  0xffff_fffe, 0xffff_ffff,
];

/** Takes decisions from the bytes of one action. Past their end every byte is 0, and 0 is always the plain choice. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return Math.max(0, this.#bytes.length - this.#at);
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  u16(): number {
    return this.byte() | (this.byte() << 8);
  }

  u32(): number {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  u64(): bigint {
    return BigInt(this.u32()) | (BigInt(this.u32()) << 32n);
  }

  /** A whole number below `limit`, which is at least 1. */
  below(limit: number): number {
    if (limit <= 256) return this.byte() % limit;
    return (limit <= 65_536 ? this.u16() : this.u32()) % limit;
  }

  /** True in one of `odds` cases; false when there is nothing left to say so. */
  rarely(odds: number): boolean {
    return this.byte() % odds === odds - 1;
  }

  /** One of a list, which is not empty. */
  pick<T>(list: readonly T[]): T {
    const at = this.below(list.length);
    const [chosen] = list.slice(at, at + 1) as [T];
    return chosen;
  }

  /** A length: often an edge, at times anything. */
  size(most = 0xffff_ffff): number {
    const kind = this.byte();
    const size = kind < 200 ? (SIZES[kind % SIZES.length] ?? 0) : this.u32() >>> (kind % 32);
    return size > most ? size % (most + 1) : size;
  }

  /** A number of 64 bits: near the `likely` one, an edge, or anything. */
  wide(likely = 0n): bigint {
    const kind = this.byte() % 8;
    if (kind < 4) return BigInt.asUintN(64, likely + BigInt(kind < 2 ? 0 : this.byte() - 128));
    if (kind === 4) return BigInt.asUintN(64, (1n << BigInt(this.byte() % 65)) - BigInt(this.byte() % 3));
    if (kind === 5) return BigInt(this.size());
    return this.u64();
  }

  /** `length` bytes: those that are left, over and over. */
  bytes(length: number): Uint8Array {
    const rest = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += rest.length;
    if (rest.length === length) return rest.slice();
    const made = new Uint8Array(length);
    made.set(rest);
    for (let done = rest.length; done > 0 && done < length; done *= 2) made.copyWithin(done, 0, done);
    return made;
  }
}
