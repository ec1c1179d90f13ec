/** Blocks of a file by number, as many as there is room for; the one that was used longest ago goes first. */
export class BlockCache {
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(block: number): Uint8Array | undefined {
    const bytes = this.#blocks.get(block);
    if (bytes === undefined) return undefined;
    // Order in a map is that of insertion.
    this.#blocks.delete(block);
    this.#blocks.set(block, bytes);
    return bytes;
  }

  has(block: number): boolean {
    return this.#blocks.has(block);
  }

  put(block: number, bytes: Uint8Array): void {
    this.#blocks.delete(block);
    this.#blocks.set(block, bytes);
    if (this.#blocks.size <= this.#most) return;
    const [oldest] = this.#blocks.keys();
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }
}
