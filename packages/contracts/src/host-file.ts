/**
 * A file of the host, or anything with its face, opened for random access. What image formats are written against, so
 * that they work on a disk, in memory and in a browser alike. Calls finish before they return, and throw on failure
 * (the error's `code` is that of the platform, for example `ENOSPC`): who serves a guest turns that into a fault.
 */
export interface HostFile {
  /** For messages. */
  readonly name: string;
  readonly readOnly: boolean;
  /** Bytes. */
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset` and returns how many there were; fewer only at the end of the file. */
  read(offset: number, into: Uint8Array): number;
  /** Writes all of `from` at `offset`; the file grows when needed, and a gap reads as zeroes. */
  write(offset: number, from: Uint8Array): void;
  /** As `read`, into several buffers, one after the other. Present when that is one call of the platform. */
  readv?(offset: number, into: readonly Uint8Array[]): number;
  /** As `write`, from several buffers, one after the other. Present when that is one call of the platform. */
  writev?(offset: number, from: readonly Uint8Array[]): void;
  /** After it returns, what was written survives a crash of the process and of the host. */
  sync(): void;
  truncate(size: number): void;
  /** Present when a range can be given back to the host's file system; it reads as zeroes afterwards. */
  punchHole?(offset: number, length: number): void;
  close(): void;
}
