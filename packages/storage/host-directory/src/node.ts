/**
 * Directories of the host, through the synchronous calls of node:fs.
 *
 * @example
 * import { openHostDirectory } from '@vivarium/storage-host-directory/node';
 *
 * const tree = openHostDirectory('share', { readOnly: true });
 * console.log(tree.list(tree.root));
 * tree.dispose();
 *
 * @module
 */
export { openJournalFile } from './node/journal-file.ts';
export { NodeTree } from './node/node-tree.ts';
export { openHostDirectory, type OpenHostDirectoryOptions } from './node/open-host-directory.ts';
