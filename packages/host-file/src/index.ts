/**
 * Files for random access, as image formats are written against them: in memory here, on the host from
 * `@vivarium/host-file/node`. Besides, what disks over files need: one that is a file byte by byte
 * ({@link FileDisk}), lists of buffers as one stretch of bytes ({@link Stretch}), and which fault of a disk an error
 * of a file is ({@link blockFaultOf}).
 *
 * Contract: `HostFile` in `@vivarium/contracts`.
 *
 * @example
 * import { memoryFile } from '@vivarium/host-file';
 *
 * const file = memoryFile({ limit: 64 * 1024 * 1024 });
 * file.write(1_000_000, Uint8Array.of(1, 2, 3));
 * console.log(file.size, file.allocated); // 1000003 65536
 *
 * @module
 */
export { blockFaultOf } from './block-fault.ts';
export { errorTable } from './errors.ts';
export { FileDisk } from './file-disk.ts';
export { isHostFile } from './is-host-file.ts';
export { MemoryFile, type MemoryFileOptions, memoryFile } from './memory-file.ts';
export { PlatformError } from './platform-error.ts';
export { isSectorRange, lengthOf } from './sector-range.ts';
export { Stretch } from './stretch.ts';
export { SyncLatch } from './sync-latch.ts';
export { writeZeroesTo } from './zeroes.ts';
