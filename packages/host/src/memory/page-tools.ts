/** Pages by slot. Everything is synchronous: a guest waits for its page in the middle of an instruction. */
export interface PageFile {
  write(slot: number, page: Uint8Array): void;
  /** Throws when the page cannot be read as a whole. */
  read(slot: number, into: Uint8Array): void;
  close(): void;
}

/** What keeping pages needs of a runtime. */
export interface PageTools {
  /** Before a memory is made whose pages are to be taken; false when this runtime gives no memory back. */
  enable(): boolean;
  compress(page: Uint8Array): Uint8Array;
  decompress(packed: Uint8Array, into: Uint8Array): void;
  /** A new file that nobody else sees and that is gone with this cell, however that ends. */
  openSwap(): PageFile;
  /** A file that the host writes, for reading. */
  openShared(path: string): PageFile;
}
