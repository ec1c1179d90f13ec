/** One table of the image in memory, and which part of it the file does not have yet. */
export class Table {
  /** Place in the file. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Nothing in the file refers to it yet, so it may be written at any time. */
  isNew: boolean;
  /** Looked at since the cache last looked for something to forget. */
  used = true;
  /** Range of bytes that the file does not have, empty when it has all. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

  constructor(offset: number, bytes: Uint8Array, isNew: boolean) {
    this.offset = offset;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.isNew = isNew;
  }

  get isDirty(): boolean {
    return this.#from < this.#to;
  }

  markDirty(from: number, to: number): void {
    if (from < this.#from) this.#from = from;
    if (to > this.#to) this.#to = to;
  }

  /** What must be written, in whole sectors; it stays dirty until {@link markClean}. */
  dirtyPart(): { readonly offset: number; readonly bytes: Uint8Array } {
    const from = this.#from - (this.#from % 512);
    const to = Math.min(this.bytes.length, Math.ceil(this.#to / 512) * 512);
    return { offset: this.offset + from, bytes: this.bytes.subarray(from, to) };
  }

  markClean(): void {
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
  }
}
