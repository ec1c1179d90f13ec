import { defineToken, type Token } from './token.ts';

/** Smallest unit of a disk in bytes: offsets and lengths of every request are multiples of it. */
export const SECTOR_SIZE = 512;

/**
 * How a request failed. `io`: the medium or the file below gave an error; `no-space`: the host has no room for what
 * was written; `unsupported`: this backend cannot do it (a write to a read-only disk, a discard that it does not know).
 */
export type BlockFault = 'io' | 'no-space' | 'unsupported';

/** Undefined when the request succeeded as a whole. */
export type BlockResult = BlockFault | undefined;

/**
 * The medium behind a disk device: a file, an image format, memory. Requests come from a guest, so no method throws
 * and no promise rejects: a failure is a value. Offsets and lengths are bytes, multiples of {@link SECTOR_SIZE}, and
 * inside `capacity`; a backend answers `io` to anything else and touches nothing.
 *
 * A request is atomic only to the sector. Requests in flight have no order; what a guest needs in order, it flushes.
 */
export interface BlockBackend {
  /** Bytes, a multiple of {@link SECTOR_SIZE}. May be 0. Fixed while a machine runs. */
  readonly capacity: number;
  readonly readOnly: boolean;
  /**
   * False: every request is finished when the call returns, which then gives no promise. True: a result may come later,
   * and the buffers are used until then, so callers hand it memory of their own and never a view of guest RAM.
   */
  readonly deferred: boolean;
  /** Fills `into`, one after the other, from `offset` on. After a fault their contents do not matter. */
  read(offset: number, into: readonly Uint8Array[]): BlockResult | Promise<BlockResult>;
  /** Stores `from`, one after the other, from `offset` on. */
  write(offset: number, from: readonly Uint8Array[]): BlockResult | Promise<BlockResult>;
  /** After it succeeds, every write that finished before it was called survives a crash of the host process. */
  flush(): BlockResult | Promise<BlockResult>;
  /** Present when space can be given back. What was there reads as anything until it is written again. */
  discard?(offset: number, length: number): BlockResult | Promise<BlockResult>;
  /** Present when zeroes can be stored without being handed over. `mayUnmap`: the space may be given back, too. */
  writeZeroes?(offset: number, length: number, mayUnmap: boolean): BlockResult | Promise<BlockResult>;
}

/** A disk device takes the backend that the machine's spec names under `use`. */
export const BlockBackendToken: Token<BlockBackend> = defineToken('vivarium/block-backend', 1);
