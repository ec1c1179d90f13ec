import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FsBackend } from '@vivarium/contracts';
import { MemoryFiles } from '@vivarium/fs-backend';
import { HostDirectory } from '@vivarium/storage-host-directory';
import { openHostDirectory } from '@vivarium/storage-host-directory/node';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';

/** Files behind a share. */
export interface SharedFiles {
  readonly backend: FsBackend;
  readonly dispose?: () => void;
  /** Throws when a guest got out. */
  readonly check?: () => void;
}

const TEXT = new TextEncoder();
const NAMES = [
  'a',
  'b',
  'file',
  'directory',
  'link',
  'user.x',
  'security.capability',
  '..',
  '.',
  '',
  '/',
  'a/b',
  '../a',
  '\0',
  '../../outside/secret',
].map((name) => TEXT.encode(name));

/** A name, or what pretends to be one. */
export const nameOf = (choices: Choices): Uint8Array =>
  choices.rarely(8) ? choices.bytes(choices.size(300)) : choices.pick(NAMES);

const CAPACITY = 1024 * 1024;

/** Small, so that programs reach the ends. */
export const filesInMemory = (): SharedFiles => ({
  backend: new MemoryFiles({ capacity: CAPACITY, inodes: 24, handles: 12, now: () => 1_700_000_000_123_456_789n }),
});

const SECRET = 'nobody changes this';

/** A directory of the host beside one that must not be reached, with links that lead there. */
export const filesOnHost = (): SharedFiles => {
  const above = mkdtempSync(join(tmpdir(), 'vivarium-fuzz-'));
  const [share, outside] = [join(above, 'share'), join(above, 'outside')];
  for (const folder of [share, outside, join(share, 'directory')]) mkdirSync(folder);
  writeFileSync(join(outside, 'secret'), SECRET);
  writeFileSync(join(share, 'file'), 'content');
  symlinkSync('../outside/secret', join(share, 'link'));
  symlinkSync('../../outside', join(share, 'directory', 'link'));
  const tree = openHostDirectory(share);
  const backend = new HostDirectory({
    ...{ tree, readOnly: false, ownership: 'mapped', uid: 0, gid: 0, extendedAttributes: true },
    ...{ nodes: 24, handles: 12, anchors: 16, records: 24 },
  });
  return {
    backend,
    dispose: () => {
      backend.reset();
      tree.dispose();
      const untouched =
        readFileSync(join(outside, 'secret'), 'utf8') === SECRET &&
        readdirSync(outside).length === 1 &&
        readdirSync(above).length === 2;
      rmSync(above, { recursive: true, force: true });
      must(untouched && !existsSync(above), 'a guest must not get out of the directory');
    },
  };
};
