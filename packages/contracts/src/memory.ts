import type { MemoryPaging } from './paging.ts';
import { defineToken, type Token } from './token.ts';

/** A `WebAssembly.Memory`, as much of it as parts other than cores need. The buffer may be shared. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

/** A run of guest RAM. Addresses are guest-physical, in bytes. */
export interface MemoryBank {
  readonly base: number;
  readonly length: number;
  /** Where the bank starts in the machine's linear memory. */
  readonly offset: number;
}

/**
 * Guest RAM as devices and firmware see it. No method throws on a bad address: a range that is not wholly inside one
 * bank gives `undefined` or `false`. Addresses above 2^53 are never inside a bank.
 */
export interface GuestMemory {
  readonly banks: readonly MemoryBank[];
  /** A live view for reading; do not keep it across a pause, reset or turn of the event loop. */
  view(address: number, length: number): Uint8Array | undefined;
  /** A live view for writing: tells the cores at once that the range changes. */
  writableView(address: number, length: number): Uint8Array | undefined;
  /** Copies `bytes` in; false when the range is not RAM (then nothing is written). */
  write(address: number, bytes: Uint8Array): boolean;
  /** Copies `length` bytes out. */
  read(address: number, length: number): Uint8Array | undefined;
  /**
   * Keeps memory behind a range of which a view is kept for longer than the present turn of the event loop, until as
   * many calls of `unpin`. Absent: there always is memory behind all of it.
   */
  readonly pin?: ((address: number, length: number) => void) | undefined;
  readonly unpin?: ((address: number, length: number) => void) | undefined;
}

/**
 * The memory of one machine: one WebAssembly linear memory that holds guest RAM and, beside it, the private areas
 * that cores carve out for registers, TLBs and caches.
 */
export interface MachineMemory extends GuestMemory {
  /** In fact a `WebAssembly.Memory`, which cores import into their modules. Never grown after set-up. */
  readonly linear: LinearMemory;
  /** Bytes of guest RAM in all banks. */
  readonly size: number;
  /**
   * Takes `bytes` of zeroed private linear memory, aligned to `align` (a power of two), for as long as the machine
   * lives. Only during set-up. Throws `VIV_MEMORY_EXHAUSTED` when the linear memory cannot hold it.
   */
  carve(owner: string, bytes: number, align: number): number;
  /** Calls `listener` before anything but a core's own store changes guest RAM. Returns its removal. */
  onExternalWrite(listener: (address: number, length: number) => void): () => void;
  /** All guest RAM back to zero. */
  clear(): void;
  /** Absent: all of RAM has memory of the host behind it once it was touched. */
  readonly paging?: MemoryPaging;
}

export const MachineMemoryToken: Token<MachineMemory> = defineToken('vivarium/machine-memory', 1);
