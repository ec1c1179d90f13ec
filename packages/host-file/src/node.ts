/**
 * Files of the host, through the synchronous calls of node:fs.
 *
 * @example
 * import { openHostFile } from '@vivarium/host-file/node';
 *
 * const file = openHostFile('disk.img', { readOnly: true });
 * const sector = new Uint8Array(512);
 * file.read(0, sector);
 * file.close();
 *
 * @module
 */
export { lockFolder } from './node/lock.ts';
export { type OpenHostFileOptions, openHostFile } from './node/open-host-file.ts';
