/** Gives memory back to the operating system; false when it has no room for one more mapping, and nothing was done. */
export type GiveBack = (offset: number, bytes: number) => boolean;

/** A part of the memory-control proposal of WebAssembly that V8 has behind a flag, on Linux. */
interface MemoryMapDescriptor {
  map(memory: WebAssembly.Memory, offset: number): void;
  unmap(): void;
}
interface MemoryControl {
  readonly MemoryMapDescriptor?: new (bytes: number) => MemoryMapDescriptor;
}

/** Largest piece that is given back in one step. */
const LARGEST = 1024 * 1024;

/**
 * How this runtime gives parts of `memory` back, if it can. Mapping something over a range and taking that away again
 * leaves zeroes with no memory behind them. A descriptor has one size, so there is one for each power of two.
 */
export const giveBackOf = (memory: WebAssembly.Memory): GiveBack | undefined => {
  const { MemoryMapDescriptor } = WebAssembly as MemoryControl;
  // V8 maps nothing over memory that threads share.
  if (MemoryMapDescriptor === undefined || !(memory.buffer instanceof ArrayBuffer)) return undefined;
  const descriptors = new Map<number, MemoryMapDescriptor>();
  const piece = (offset: number, bytes: number): boolean => {
    try {
      const descriptor = descriptors.get(bytes) ?? new MemoryMapDescriptor(bytes);
      // One that fails half-way must not be used again.
      descriptors.delete(bytes);
      descriptor.map(memory, offset);
      descriptor.unmap();
      descriptors.set(bytes, descriptor);
      return true;
    } catch {
      return false;
    }
  };
  return (offset, bytes) => {
    let at = offset;
    for (const end = offset + bytes; at < end; ) {
      const step = Math.min(LARGEST, 2 ** Math.floor(Math.log2(end - at)));
      if (!piece(at, step)) return false;
      at += step;
    }
    return true;
  };
};
