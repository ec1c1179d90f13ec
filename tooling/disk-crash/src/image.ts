import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';

const SIZE = 64 * 1024 * 1024;
/** Bits of e2fsck's exit code: errors were corrected; anything else is worse. */
const CORRECTED = 1;

const tool = (name: string, ...args: readonly string[]): { readonly status: number; readonly output: string } => {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8', maxBuffer: SIZE });
  if (error !== undefined) throw new Error(`${name} is missing (Debian: e2fsprogs)`, { cause: error });
  return { status: status ?? -1, output: name === 'debugfs' ? stdout : stdout + stderr };
};

/** Makes an empty image with ext4 on it. */
export const makeImage = (path: string): void => {
  writeFileSync(path, '');
  truncateSync(path, SIZE);
  const { status, output } = tool('mkfs.ext4', '-q', '-F', path);
  if (status !== 0) throw new Error(`mkfs.ext4 failed: ${output}`);
};

/** Replays the journal, then looks at everything. Gives what is wrong, if anything is. */
export const checkImage = (path: string): string | undefined => {
  const replay = tool('e2fsck', '-p', path);
  if ((replay.status & ~CORRECTED) !== 0) return `e2fsck cannot mend it by itself: ${replay.output}`;
  const check = tool('e2fsck', '-fn', path);
  return check.status === 0 ? undefined : `e2fsck finds errors after the journal was replayed: ${check.output}`;
};

/** Contents of a file of the image; empty when it is not there. */
export const readInside = (path: string, file: string): string => tool('debugfs', '-R', `cat ${file}`, path).output;
