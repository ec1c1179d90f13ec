import { type BigIntStats, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { errors } from '../errors.ts';

/** What the holder of a file does with it. */
export type Use = 'reads' | 'writes';

/** A file that is held; `release` gives it back, once or more often. */
export interface Lock {
  release(): void;
}

/**
 * Claims a file for this process, among the processes of this user that ask the same way: Node has no call for the
 * locks of the kernel. A claim is an empty file in a folder of the user's own, and its name says everything: device
 * and inode of what is claimed, the process, its descriptor, and the use. A process that was killed leaves claims
 * behind; they are recognised (the process is gone or, on Linux, its descriptor is no longer that file) and removed by
 * who comes next. As each claims first and looks second, two that come at once may both be refused, but never served.
 *
 * Throws `VIV_HOST_FILE_LOCKED`. A host on which the folder cannot be made goes without.
 */
export const lockFile = (path: string, status: BigIntStats, descriptor: number, use: Use): Lock => {
  const folder = lockFolder();
  if (folder === undefined) return { release: () => {} };
  const file = `${status.dev}-${status.ino}`;
  const own = `${file}.${process.pid}.${descriptor}.${use}`;
  const claim = join(folder, own);
  try {
    writeFileSync(claim, '');
  } catch {
    return { release: () => {} };
  }
  for (const name of readdirSync(folder)) {
    if (name === own || !name.startsWith(`${file}.`)) continue;
    const holder = parseClaim(name);
    if (holder === undefined) continue;
    if (!isLive(holder, status)) {
      rmSync(join(folder, name), { force: true });
    } else if (use === 'writes' || holder.use === 'writes') {
      rmSync(claim, { force: true });
      const how = use === 'writes' ? 'for writing ' : '';
      const does = holder.use === 'writes' ? 'writes to it' : 'has it open';
      throw errors.make(
        'VIV_HOST_FILE_LOCKED',
        `${path} cannot be opened ${how}while process ${holder.process} ${does}`,
        { details: { path, process: holder.process, use: holder.use } },
      );
    }
  }
  return { release: () => rmSync(claim, { force: true }) };
};

interface Holder {
  readonly process: number;
  readonly descriptor: number;
  readonly use: Use;
}

const parseClaim = (name: string): Holder | undefined => {
  const [, process = '', descriptor = '', use = ''] = /^[^.]+\.(\d+)\.(\d+)\.(reads|writes)$/.exec(name) ?? [];
  return use === 'reads' || use === 'writes'
    ? { process: Number(process), descriptor: Number(descriptor), use }
    : undefined;
};

/** Whether the process behind a claim still has the file open. */
const isLive = (holder: Holder, file: BigIntStats): boolean => {
  try {
    process.kill(holder.process, 0);
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
  if (process.platform !== 'linux') return true;
  try {
    const open = statSync(`/proc/${holder.process}/fd/${holder.descriptor}`, { bigint: true });
    return open.dev === file.dev && open.ino === file.ino;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
};

/**
 * Where the claims of this user are: a folder that nobody else can write to; undefined when there is none to be had.
 * Who keeps a process from writing to files lets it write here all the same, or it goes without.
 */
export const lockFolder = (): string | undefined => {
  const user = userInfo().uid;
  const folder = join(tmpdir(), `vivarium-locks-${user}`);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    const status = lstatSync(folder);
    // The folder above is everybody's: what is there may be somebody else's trap.
    const safe = status.isDirectory() && (user < 0 || (status.uid === user && (status.mode & 0o022) === 0));
    return safe ? folder : undefined;
  } catch {
    return undefined;
  }
};
