/**
 * Files in memory for file sharing devices: for machines in a browser, for tests, and for a scratch directory that no
 * guest can make larger than it is allowed to be. Knows all that Linux knows of files: hard and symbolic links, holes,
 * device nodes, extended attributes, locks.
 *
 * Contract: `FsBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { storageMemoryFiles } from '@vivarium/storage-memory-files';
 *
 * const part = {
 *   id: 'files0', plugin: storageMemoryFiles,
 *   options: { capacity: 16 * 1024 * 1024, files: { 'etc/motd': 'hello\n' } },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, definePlugin, FsBackendToken } from '@vivarium/contracts';
import { MemoryFiles } from '@vivarium/fs-backend';
import * as z from 'zod';
import { putFiles } from './put-files.ts';

const MEBIBYTE = 1024 * 1024;
const bytes = z.instanceof(Uint8Array<ArrayBufferLike>);
const mode = z.int().min(0).max(0o7777);

/** Options of files in memory. */
export const storageMemoryFilesOptions = z
  .strictObject({
    /** Bytes of content that all files can have. */
    capacity: z
      .int()
      .min(0)
      .max(16 * 1024 * MEBIBYTE)
      .default(256 * MEBIBYTE),
    /** How many files, directories and links there can be. */
    inodes: z
      .int()
      .min(1)
      .max(16 * MEBIBYTE)
      .default(65_536),
    /** How many files and directories can be open. */
    handles: z.int().min(1).max(MEBIBYTE).default(16_384),
    /** Guests may not change anything. */
    readOnly: z.boolean().default(false),
    /** What is there at first, by path; directories on the way come by themselves. */
    files: z
      .record(
        z.string(),
        z.union([
          z.string(),
          bytes,
          z.strictObject({ content: z.union([z.string(), bytes]), mode }),
          z.strictObject({ link: z.string() }),
          z.strictObject({ directory: mode }),
        ]),
      )
      .default({}),
  })
  .prefault({});

/** The plugin. */
export const storageMemoryFiles = definePlugin<z.infer<typeof storageMemoryFilesOptions>>({
  name: '@vivarium/storage-memory-files',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'files in memory for file sharing devices',
  provides: [FsBackendToken],
  requires: [ClockToken],
  options: storageMemoryFilesOptions,
  setup: (context) => {
    const { files, readOnly, ...settings } = context.options;
    const clock = context.get(ClockToken);
    const backend = new MemoryFiles({ ...settings, now: () => clock.epoch + BigInt(clock.now()) });
    putFiles(backend, files);
    if (readOnly) backend.protect();
    return { provides: [bind(FsBackendToken, backend)] };
  },
});

export default storageMemoryFiles;
export { errorTable } from './errors.ts';
export { type FileContent, putFiles } from './put-files.ts';
