/** Reads the fields of a cold slot in TypeScript; see decode/slot.ts. */
export class SlotReader {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;

  constructor(buffer: ArrayBuffer | SharedArrayBuffer) {
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
  }

  row(slot: number): number {
    return this.#words[(slot >> 2) + 1] >>> 16;
  }

  rd(slot: number): number {
    return this.#bytes[slot + 1] >> 3;
  }

  rs1(slot: number): number {
    return this.#bytes[slot + 2] >> 3;
  }

  rs2(slot: number): number {
    return this.#bytes[slot + 3] >> 3;
  }

  /** Third source and rounding mode of floating-point instructions. */
  rs3(slot: number): number {
    return this.#bytes[slot + 4] >> 3;
  }

  rm(slot: number): number {
    return this.#bytes[slot + 4] & 7;
  }

  /** Immediate, 16 bits unsigned: a CSR number. */
  immediate(slot: number): number {
    return this.#words[(slot >> 2) + 1] & 0xffff;
  }

  /** Whether the encoding has 16 bits. */
  short(slot: number, cold16: number): boolean {
    return this.#bytes[slot] === cold16;
  }
}
