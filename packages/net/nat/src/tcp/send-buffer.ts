/** A chunk below this is copied behind the one before it: a list of small chunks would be long. */
const SMALL = 4096;
const SLAB = 16_384;

/** Bytes on their way to the guest: kept in the chunks that they came in, until the guest acknowledges them. */
export class SendBuffer {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are acknowledged. */
  #head = 0;
  #length = 0;
  /** The slab behind the last chunk, and where it ends in it. */
  #slab: Uint8Array | undefined;
  #slabEnd = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (bytes.length >= SMALL) {
      this.#slab = undefined;
      this.#chunks.push(bytes);
      return;
    }
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#slab === undefined || this.#slabEnd === SLAB) {
        this.#slab = new Uint8Array(SLAB);
        this.#slabEnd = 0;
        this.#chunks.push(this.#slab.subarray(0, 0));
      }
      const taken = Math.min(rest.length, SLAB - this.#slabEnd);
      this.#slab.set(taken === rest.length ? rest : rest.subarray(0, taken), this.#slabEnd);
      const last = this.#chunks.length - 1;
      const start = this.#slabEnd - (this.#chunks[last]?.length ?? 0);
      this.#slabEnd += taken;
      this.#chunks[last] = this.#slab.subarray(start, this.#slabEnd);
      rest = rest.subarray(taken);
    }
  }

  /** Views of `length` bytes from byte `offset` on. */
  slice(offset: number, length: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let skip = offset + this.#head;
    let left = length;
    for (const chunk of this.#chunks) {
      if (left <= 0) break;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = skip === 0 && left >= chunk.length ? chunk : chunk.subarray(skip, skip + left);
      parts.push(part);
      left -= part.length;
      skip = 0;
    }
    return parts;
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    let left = count + this.#head;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (left < chunk.length) break;
      left -= chunk.length;
      whole += 1;
    }
    if (whole > 0) this.#chunks.splice(0, whole);
    if (this.#chunks.length === 0) this.#slab = undefined;
    this.#head = left;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#length = 0;
    this.#slab = undefined;
  }
}
