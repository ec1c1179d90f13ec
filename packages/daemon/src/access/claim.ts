import { closeSync, openSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { isVivariumError } from '@vivarium/contracts';
import { openHostFile } from '@vivarium/host-file/node';
import { errors } from '../errors.ts';

/** sockaddr_un of unix(7) has room for 108 bytes with the final zero; macOS has less. */
const LONGEST_SOCKET = process.platform === 'linux' ? 107 : 103;

/** Holds `path` for this process until `release`; one that was killed holds nothing. Throws `VIV_DAEMON_RUNNING`. */
export const holdFile = (path: string, what: string): { release(): void } => {
  try {
    closeSync(openSync(path, 'a', 0o600));
    const file = openHostFile(path);
    return { release: () => file.close() };
  } catch (error) {
    if (isVivariumError(error) && error.code === 'VIV_HOST_FILE_LOCKED') {
      throw errors.make('VIV_DAEMON_RUNNING', `another daemon has ${what}`, { cause: error, details: error.details });
    }
    const why = error instanceof Error ? error.message : String(error);
    throw errors.make('VIV_DAEMON_FOLDER', `${path} cannot be written: ${why}`, { cause: error });
  }
};

/** Whether somebody answers there. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // A full backlog is one of somebody who listens.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN' || code === 'EACCES'));
  });

/** Makes room for a socket: removes one that a killed daemon has left. Throws `VIV_DAEMON_RUNNING` and `VIV_DAEMON_LISTEN`. */
export const clearSocket = async (path: string): Promise<void> => {
  if (Buffer.byteLength(path) > LONGEST_SOCKET) {
    throw errors.make('VIV_DAEMON_LISTEN', `the path of the socket has more than ${LONGEST_SOCKET} bytes: ${path}`);
  }
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) return;
  if (!status.isSocket()) throw errors.make('VIV_DAEMON_LISTEN', `${path} is there, and no socket`);
  if (await answers(path)) throw errors.make('VIV_DAEMON_RUNNING', `a daemon answers at ${path}`);
  await rm(path, { force: true });
};
