const SMALLEST = 4096;
const NOTHING = new Uint8Array(0);

/** Bytes in order of arrival. Memory follows what waits, up to twice of it, and is given back when nothing does. */
export class ByteQueue {
  #bytes = NOTHING;
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(this.#length + bytes.length);
    const start = (this.#first + this.#length) % (this.#bytes.length || 1);
    const beforeWrap = Math.min(bytes.length, this.#bytes.length - start);
    this.#bytes.set(bytes.subarray(0, beforeWrap), start);
    this.#bytes.set(bytes.subarray(beforeWrap), 0);
    this.#length += bytes.length;
  }

  /** A view of the oldest bytes, as many as lie in one piece; valid until the next change. */
  front(): Uint8Array {
    return this.#bytes.subarray(this.#first, Math.min(this.#first + this.#length, this.#bytes.length));
  }

  /** Removes the oldest `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    if (this.#length === 0) {
      this.#bytes = NOTHING;
      this.#first = 0;
    } else this.#first = (this.#first + count) % this.#bytes.length;
  }

  #grow(needed: number): void {
    let size = Math.max(SMALLEST, this.#bytes.length);
    while (size < needed) size *= 2;
    const grown = new Uint8Array(size);
    const front = this.front();
    grown.set(front);
    grown.set(this.#bytes.subarray(0, this.#length - front.length), front.length);
    this.#bytes = grown;
    this.#first = 0;
  }
}
