import { lstat, mkdir } from 'node:fs/promises';
import { errors } from '../errors.ts';

/** Checks that a folder is this user's alone. Throws `VIV_DAEMON_FOLDER`. */
export const checkFolder = async (path: string): Promise<void> => {
  const refuse = (why: string, cause?: unknown): Error => errors.make('VIV_DAEMON_FOLDER', `${path} ${why}`, { cause });
  const status = await lstat(path).catch((error: unknown) => {
    throw refuse(`cannot be looked at: ${error instanceof Error ? error.message : String(error)}`, error);
  });
  if (!status.isDirectory()) throw refuse('is no folder');
  if (status.uid !== process.getuid?.()) throw refuse(`belongs to user ${status.uid}`);
  if ((status.mode & 0o077) !== 0) throw refuse(`is open to others: its mode is ${(status.mode & 0o777).toString(8)}`);
};

/** A folder that is there and this user's alone. */
export const makeOwnFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw errors.make('VIV_DAEMON_FOLDER', `${path} cannot be made: ${why}`, { cause: error });
  });
  await checkFolder(path);
};
