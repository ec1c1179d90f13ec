const WASM_PAGE = 0x10000;

/** What a module must declare of the memory that it imports. */
export interface MemoryShape {
  /** Of 64 KiB. */
  readonly pages: number;
  readonly shared: boolean;
}

/** Shape of a linear memory by its buffer. */
export const memoryShape = (buffer: ArrayBuffer | SharedArrayBuffer): MemoryShape => ({
  pages: buffer.byteLength / WASM_PAGE,
  shared: typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer,
});
