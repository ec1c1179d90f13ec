// Hot: each segment of a guest is copied into one of these.

const FIRST = 4096;
/** Larger than any payload. */
const LARGEST = 65_536;

/**
 * Memory for copies of what a guest sends in order, used again when the host has all of it. Each connection has its
 * own, so that a byte which waits for a slow host keeps nobody else's bytes in memory.
 */
export class PayloadSlab {
  #slab: Uint8Array | undefined;
  #end = 0;

  /** Memory of `length` bytes that is nobody else's until {@link release}. */
  take(length: number): Uint8Array {
    if (this.#slab === undefined || this.#end + length > this.#slab.length) {
      const grown = (this.#slab?.length ?? FIRST / 4) * 4;
      this.#slab = new Uint8Array(Math.max(length, Math.min(grown, LARGEST)));
      this.#end = 0;
    }
    const start = this.#end;
    this.#end += length;
    return this.#slab.subarray(start, this.#end);
  }

  /** What was taken is not needed any more. */
  release(): void {
    this.#end = 0;
  }
}
