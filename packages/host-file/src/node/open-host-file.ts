import { type BigIntStats, closeSync, constants, fstatSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostFile } from '@vivarium/contracts';
import { errors } from '../errors.ts';
import { DescriptorFile } from './descriptor-file.ts';
import { type Lock, lockFile } from './lock.ts';

/** How a file is opened. */
export interface OpenHostFileOptions {
  /** Default false. */
  readonly readOnly?: boolean;
  /** Makes the file, which must not be there yet. Default false. */
  readonly create?: boolean;
  /**
   * Refuses a file that another machine of this user writes to, and, when it is opened for writing, one that another
   * machine has open at all. Other programs do not know of it. Default true.
   */
  readonly lock?: boolean;
}

/**
 * Opens a regular file of the host for random access. Throws `VIV_HOST_FILE_MISSING`, `VIV_HOST_FILE_EXISTS`,
 * `VIV_HOST_FILE_KIND`, `VIV_HOST_FILE_PERMISSION`, `VIV_HOST_FILE_LOCKED` and `VIV_HOST_FILE_OPEN`.
 */
export const openHostFile = (
  path: string,
  { readOnly = false, create = false, lock = true }: OpenHostFileOptions = {},
): HostFile => {
  // Before it is opened: opening a pipe waits for its other end, and opening a device may do anything.
  if (!create)
    checkKind(
      path,
      named(path, () => statSync(path, { bigint: true })),
    );
  const durable = !canSync();
  const flags =
    (readOnly ? constants.O_RDONLY : constants.O_RDWR) |
    (create ? constants.O_CREAT | constants.O_EXCL : 0) |
    (durable && !readOnly ? constants.O_DSYNC : 0);
  const descriptor = named(path, () => openSync(path, flags, 0o644));
  let held: Lock | undefined;
  try {
    const status = fstatSync(descriptor, { bigint: true });
    checkKind(path, status);
    if (create) syncFolder(path);
    if (lock) held = lockFile(path, status, descriptor, readOnly ? 'reads' : 'writes');
    return new DescriptorFile(path, descriptor, Number(status.size), readOnly, held, durable);
  } catch (error) {
    held?.release();
    closeSync(descriptor);
    throw error;
  }
};

/** Node's permission model refuses to sync, whatever else it allows: there, each write is durable when it returns. */
const canSync = (): boolean => (process.permission as NodeJS.ProcessPermission | undefined) === undefined;

/** A new file survives a crash of the host only once its folder does; where folders cannot be synced, they need not be. */
const syncFolder = (path: string): void => {
  try {
    const folder = openSync(dirname(path), constants.O_RDONLY);
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Windows has no such call, and a folder may be writable without being readable.
  }
};

const checkKind = (path: string, status: BigIntStats): void => {
  if (status.isFile()) return;
  const kind = status.isDirectory() ? 'a directory' : 'neither a file nor a directory';
  throw errors.make('VIV_HOST_FILE_KIND', `${path} is ${kind}`, { details: { path } });
};

/** Runs `open`; what it throws gets a code of ours. */
const named = <T>(path: string, open: () => T): T => {
  try {
    return open();
  } catch (cause) {
    const details = { path };
    switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw errors.make('VIV_HOST_FILE_MISSING', `there is no ${path}`, { cause, details });
      case 'EEXIST':
        throw errors.make('VIV_HOST_FILE_EXISTS', `${path} is there already`, { cause, details });
      case 'EISDIR':
        throw errors.make('VIV_HOST_FILE_KIND', `${path} is a directory`, { cause, details });
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        throw errors.make('VIV_HOST_FILE_PERMISSION', `${path} may not be opened this way`, { cause, details });
      default:
        throw errors.make('VIV_HOST_FILE_OPEN', `${path} cannot be opened: ${String(cause)}`, { cause, details });
    }
  }
};
