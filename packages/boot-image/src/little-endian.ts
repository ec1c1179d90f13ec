/** Reads of little-endian fields from untrusted bytes: a field that is not wholly there is `undefined`. */
export class LittleEndian {
  readonly length: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(at: number): number | undefined {
    return this.#holds(at, 2) ? this.#view.getUint16(at, true) : undefined;
  }

  u32(at: number): number | undefined {
    return this.#holds(at, 4) ? this.#view.getUint32(at, true) : undefined;
  }

  /** As a number; beyond 2^53 it is no longer exact, but still beyond every bound. */
  u64(at: number): number | undefined {
    return this.#holds(at, 8) ? Number(this.#view.getBigUint64(at, true)) : undefined;
  }

  big64(at: number): bigint | undefined {
    return this.#holds(at, 8) ? this.#view.getBigUint64(at, true) : undefined;
  }

  #holds(at: number, width: number): boolean {
    return at >= 0 && at + width <= this.length;
  }
}
