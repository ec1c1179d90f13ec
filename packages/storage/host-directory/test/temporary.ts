import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileRecord, HostDirectory, type HostDirectorySettings, type RecordStore } from '../src/index.ts';
import { openHostDirectory, type OpenHostDirectoryOptions } from '../src/node.ts';

export const SETTINGS = {
  readOnly: false,
  ownership: 'mapped',
  uid: 0,
  gid: 0,
  extendedAttributes: true,
  nodes: 100_000,
  handles: 500,
  anchors: 64,
  records: 100_000,
} as const satisfies Partial<HostDirectorySettings>;

export type Setting = Partial<Omit<HostDirectorySettings, 'tree'>> &
  Pick<OpenHostDirectoryOptions, 'hold'> & {
    /** Only for root: what the backend does, it does as a user without any rights. */
    readonly humble?: boolean;
  };

const NOBODY = 65_534;
const become = (user: number): void => {
  process.setegid?.(user);
  process.seteuid?.(user);
};
const becomeRoot = (): void => {
  process.seteuid?.(0);
  process.setegid?.(0);
};

/** Records that outlive a backend. */
export const recordsInMemory = (): RecordStore & { readonly records: ReadonlyMap<string, FileRecord> } => {
  const records = new Map<string, FileRecord>();
  return {
    records,
    load: () => new Map(records),
    changed: (key, record) => {
      if (record === undefined) records.delete(key);
      else records.set(key, record);
    },
    wasteful: false,
    rewrite: () => {},
  };
};

/** A new directory behind a backend. */
export const temporary = ({ hold, humble = false, ...settings }: Setting = {}) => {
  if (humble) become(NOBODY);
  const path = fs.mkdtempSync(join(tmpdir(), 'vivarium-share-'));
  const tree = openHostDirectory(path, hold === undefined ? {} : { hold });
  const store = recordsInMemory();
  const all = { tree, store, ...SETTINGS, ...settings };
  const backend = new HostDirectory(all);
  return {
    path,
    store,
    tree,
    backend,
    readOnly: () => new HostDirectory({ ...all, readOnly: true }),
    dispose: () => {
      backend.reset();
      tree.dispose();
      if (humble) becomeRoot();
      fs.chmodSync(path, 0o700);
      fs.rmSync(path, { recursive: true });
    },
  };
};
