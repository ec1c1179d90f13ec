/** A growing big-endian buffer that stops at a cap. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #cap: number;
  readonly #overflow: () => Error;

  constructor(cap: number, overflow: () => Error) {
    this.#cap = cap;
    this.#overflow = overflow;
  }

  get length(): number {
    return this.#length;
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    new DataView(this.#bytes.buffer).setUint32(at, value);
  }

  u64(value: bigint): void {
    const at = this.#reserve(8);
    new DataView(this.#bytes.buffer).setBigUint64(at, value);
  }

  put(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Fills with zeros up to a multiple of `alignment`. */
  align(alignment: number): void {
    this.#reserve((alignment - (this.#length % alignment)) % alignment);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): number {
    const at = this.#length;
    const end = at + count;
    if (end > this.#cap) {
      throw this.#overflow();
    }
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = end;
    return at;
  }
}
