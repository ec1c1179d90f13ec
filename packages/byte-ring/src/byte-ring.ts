/** Bytes in order of arrival, in a fixed amount of memory. */
export class ByteRing {
  readonly #bytes: Uint8Array;
  #first = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get room(): number {
    return this.#bytes.length - this.#length;
  }

  /** Appends what fits and returns how much that was. */
  append(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    this.#copyIn(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    return taken;
  }

  /** Appends everything; the oldest bytes make way. */
  push(bytes: Uint8Array): void {
    const kept = bytes.length > this.#bytes.length ? bytes.subarray(bytes.length - this.#bytes.length) : bytes;
    this.drop(Math.max(0, kept.length - this.room));
    this.#copyIn(kept);
  }

  /** A view of the oldest bytes, as many as lie in one piece; valid until the next change. */
  front(): Uint8Array {
    return this.#bytes.subarray(this.#first, Math.min(this.#first + this.#length, this.#bytes.length));
  }

  /** Removes the oldest `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    this.#first = this.#length === 0 ? 0 : (this.#first + count) % this.#bytes.length;
  }

  /** A copy of everything, oldest first. */
  contents(): Uint8Array {
    const copy = new Uint8Array(this.#length);
    const front = this.front();
    copy.set(front);
    copy.set(this.#bytes.subarray(0, this.#length - front.length), front.length);
    return copy;
  }

  /** `bytes` fits. */
  #copyIn(bytes: Uint8Array): void {
    const start = (this.#first + this.#length) % this.#bytes.length;
    const beforeWrap = Math.min(bytes.length, this.#bytes.length - start);
    this.#bytes.set(bytes.subarray(0, beforeWrap), start);
    this.#bytes.set(bytes.subarray(beforeWrap), 0);
    this.#length += bytes.length;
  }
}
