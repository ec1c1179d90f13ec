/**
 * What file system backends, and the devices that serve them, are made of: names as bytes, the numbers of Linux for
 * errors and modes, permission checks, tables of nodes, handles and locks that a guest cannot grow without end. And one
 * backend, in memory.
 *
 * Contract: `FsBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { ERRNO, LockTable, nameFault, textToName } from '@vivarium/fs-backend';
 *
 * console.log(nameFault('..'), ERRNO.EINVAL, textToName('é').length); // EINVAL 22 2
 * const locks = new LockTable(1024);
 * locks.set(7, { kind: 'file', owner: 'a', type: 'write', start: 0n, end: 9n, pid: 1 });
 * console.log(locks.set(7, { kind: 'file', owner: 'b', type: 'read', start: 5n, end: 5n, pid: 2 })); // EAGAIN
 *
 * @module
 */
export { Budget } from './budget.ts';
export { ERRNO, errnoOf } from './errno-table.ts';
export { ExtendedAttributes } from './extended-attributes.ts';
export { isFault } from './fault.ts';
export { IdTable } from './id-table.ts';
export { OpenListing } from './listing.ts';
export { LAST_BYTE, type LockRequest, LockTable } from './lock-table.ts';
export { MemoryFiles, type MemoryFilesSettings } from './memory/memory-files.ts';
export * from './mode-bits.ts';
export { bytesToName, LONGEST_NAME, LONGEST_TARGET, nameFault, nameToBytes, nameToText, textToName } from './name.ts';
export { newOwner, permits, withoutPrivileges } from './permission.ts';
