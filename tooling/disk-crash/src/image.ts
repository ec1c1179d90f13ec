import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';

const SIZE = 64 * 1024 * 1024;
/** Bits of e2fsck's exit code: errors were corrected; anything else is worse. */
const CORRECTED = 1;
/** Exit code of `qemu-img check` when clusters are counted that nothing refers to, and all else is well. */
const LEAKS_ONLY = 3;

const tool = (name: string, ...args: readonly string[]): { readonly status: number; readonly output: string } => {
  const { status, stdout, stderr, error } = spawnSync(name, args, { encoding: 'utf8', maxBuffer: SIZE });
  if (error !== undefined) throw new Error(`${name} is missing (Debian: e2fsprogs, qemu-utils)`, { cause: error });
  return { status: status ?? -1, output: name === 'debugfs' ? stdout : stdout + stderr };
};

export type ImageFormat = 'raw' | 'qcow2';

const succeed = (name: string, ...args: readonly string[]): void => {
  const { status, output } = tool(name, ...args);
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed: ${output}`);
};

/** Makes an empty image with ext4 on it. */
export const makeImage = (path: string, format: ImageFormat): void => {
  const raw = format === 'raw' ? path : `${path}.raw`;
  writeFileSync(raw, '');
  truncateSync(raw, SIZE);
  succeed('mkfs.ext4', '-q', '-F', raw);
  if (format === 'qcow2') succeed('qemu-img', 'convert', '-O', 'qcow2', raw, path);
};

/**
 * The image as a raw one, for tools that look into it. Gives what is wrong with a QCOW2 image, but for clusters that
 * nothing refers to: a crash may leave those.
 */
export const asRaw = (path: string, format: ImageFormat): { readonly raw: string; readonly problem?: string } => {
  if (format === 'raw') return { raw: path };
  const raw = `${path}.raw`;
  const { status, output } = tool('qemu-img', 'check', '-q', path);
  if (status !== 0 && status !== LEAKS_ONLY) return { raw, problem: `qemu-img check finds errors: ${output}` };
  succeed('qemu-img', 'convert', '-O', 'raw', path, raw);
  return { raw };
};

/** Replays the journal, then looks at everything. Gives what is wrong, if anything is. */
export const checkFileSystem = (path: string): string | undefined => {
  const replay = tool('e2fsck', '-p', path);
  if ((replay.status & ~CORRECTED) !== 0) return `e2fsck cannot mend it by itself: ${replay.output}`;
  const check = tool('e2fsck', '-fn', path);
  return check.status === 0 ? undefined : `e2fsck finds errors after the journal was replayed: ${check.output}`;
};

/** Contents of a file of the image; empty when it is not there. */
export const readInside = (path: string, file: string): string => tool('debugfs', '-R', `cat ${file}`, path).output;
