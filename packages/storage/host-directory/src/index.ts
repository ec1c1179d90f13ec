/**
 * A directory of the host for file sharing devices: guests read it, write it, and boot from it. They never get out of it:
 * names are taken one at a time, and the host follows no symbolic link for a guest.
 *
 * Owners and modes are `mapped` unless told otherwise: on the host everything belongs to the user of this process, stays
 * readable and writable for it, and has no set-user-ID; what the guest says of owners, modes, device nodes and extended
 * attributes is kept in records, which live as long as the machine, or in a journal.
 *
 * Contract: `FsBackend` in `@vivarium/contracts`. Host code opens the directory and disposes of it after the machine.
 *
 * @example
 * import { storageHostDirectory } from '@vivarium/storage-host-directory';
 * import { openHostDirectory } from '@vivarium/storage-host-directory/node';
 *
 * const part = { id: 'files0', plugin: storageHostDirectory, options: { tree: openHostDirectory('share') } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, FsBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { HostDirectory } from './host-directory.ts';
import type { HostTree } from './host-tree.ts';
import { type JournalFile, RecordJournal } from './record-journal.ts';

const isObjectWith = (value: unknown, methods: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');

const MEBI = 1024 * 1024;
const id = z.int().min(0).max(0xffff_fffe);

/** Options of the directory. */
export const storageHostDirectoryOptions = z.strictObject({
  /** The directory. */
  tree: z.custom<HostTree>(
    (value) => isObjectWith(value, ['anchor', 'statAt', 'makeFile']),
    'must be an open directory (HostTree)',
  ),
  /** Guests may not change anything. */
  readOnly: z.boolean().default(false),
  /** Who owns files on the host: `mapped`, the user of this process; `host`, whom the guest says, which takes root. */
  ownership: z.enum(['mapped', 'host']).default('mapped'),
  /** With `mapped`: what files of this process's user are in the guest. */
  uid: id.default(0),
  gid: id.default(0),
  /** Extended attributes are kept in records; else guests are told that there are none. */
  extendedAttributes: z.boolean().default(true),
  /** Where records outlive the machine: a file outside of the directory. */
  journal: z
    .custom<JournalFile>(
      (value) => isObjectWith(value, ['read', 'append', 'replace']),
      'must be a file for a journal (JournalFile)',
    )
    .optional(),
  /** How many files a guest can hold. */
  nodes: z
    .int()
    .min(1)
    .max(16 * MEBI)
    .default(MEBI),
  /** How many files and directories a guest can have open. */
  handles: z.int().min(1).max(MEBI).default(4096),
  /** How many descriptors of the host are kept for speed, and as many again for files without a name. */
  anchors: z.int().min(16).max(MEBI).default(1024),
  /** How many files can have records. */
  records: z
    .int()
    .min(0)
    .max(16 * MEBI)
    .default(MEBI),
});

/** The plugin. */
export const storageHostDirectory = definePlugin<z.infer<typeof storageHostDirectoryOptions>>({
  name: '@vivarium/storage-host-directory',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'directory of the host for file sharing devices',
  provides: [FsBackendToken],
  options: storageHostDirectoryOptions,
  setup: ({ options: { journal, ...settings } }) => {
    const store = journal === undefined ? {} : { store: new RecordJournal(journal) };
    const backend = new HostDirectory({ ...settings, ...store });
    return { provides: [bind(FsBackendToken, backend)], dispose: () => backend.reset() };
  },
});

export default storageHostDirectory;
export { errorTable } from './errors.ts';
export { HostDirectory, type HostDirectorySettings } from './host-directory.ts';
export type { Anchor, HostStat, HostTree, OpenFile } from './host-tree.ts';
export type { OwnershipKind } from './ownership.ts';
export { type JournalFile, RecordJournal } from './record-journal.ts';
export type { FileRecord, RecordStore } from './record-table.ts';
