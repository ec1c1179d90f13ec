import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isVivariumError } from '@vivarium/contracts';
import type { CodedError } from '../cells/end.ts';
import type { CellKind, CellLink, CellOrder, Foundling } from '../cells/link.ts';
import { cut } from '../cells/plain.ts';
import { errors } from '../errors.ts';
import { beside } from './beside.ts';
import { CellFolder, type CellRecord } from './cell-folder.ts';
import { confined } from './confinement.ts';
import { socketChannel } from './frames.ts';
import { endProcess, identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';
import { EXCEPTION_CODE, EXCEPTION_MARK } from './process-protocol.ts';

/** Options of {@link processCells}. */
export interface ProcessCellOptions {
  /** Folder for the cells' own folders. Default: each in the system's folder for temporary files. */
  readonly folder?: string;
  /** Cells go on when this process ends, and can be adopted by the next; needs `folder`. Default false. */
  readonly outlive?: boolean;
  /** Files and folders, besides its own, that a cell may write to: disks. */
  readonly writable?: readonly string[];
  /** Files and folders that a cell may read, its code included. Default: all that its user may. */
  readonly readable?: readonly string[];
}

/** Milliseconds for a process to come up, and listen. */
const COMING_UP = 60_000;
/** sockaddr_un of unix(7) has room for 108 bytes with the final zero; macOS has less. */
const LONGEST_SOCKET = process.platform === 'linux' ? 107 : 103;

const OUT_OF_MEMORY = /out of memory|Allocation failed|bad_alloc|could not allocate memory/i;

const reasonOf = (name: string, printed: string, how: string, signal: string | null): CodedError => {
  const [, uncaught] = printed.split(EXCEPTION_MARK);
  if (uncaught !== undefined) {
    const message = cut(`nobody caught an exception in cell ${name}: ${uncaught.trim()}`);
    return { code: OUT_OF_MEMORY.test(uncaught) ? 'VIV_CELL_OUT_OF_MEMORY' : 'VIV_CELL_EXCEPTION', message };
  }
  if (signal !== 'SIGKILL' && OUT_OF_MEMORY.test(printed)) {
    return { code: 'VIV_CELL_OUT_OF_MEMORY', message: `cell ${name} used up the memory that it may have` };
  }
  if (signal !== null) return { code: 'VIV_CELL_KILLED', message: `cell ${name} was ended by ${signal}` };
  const last = printed.trim().split('\n').at(-1) ?? '';
  return { code: 'VIV_CELL_DIED', message: cut(`cell ${name} ${how}${last === '' ? '' : `: ${last}`}`) };
};

const tryConnect = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });

/** The socket of a cell that is coming up. */
const meet = async (path: string, gone: () => boolean): Promise<Socket | undefined> => {
  for (const began = Date.now(); !gone() && Date.now() - began < COMING_UP; await sleep(10)) {
    const socket = await tryConnect(path);
    if (socket !== undefined) return socket;
  }
  return undefined;
};

const launch = async (options: Launching, { name, limits, writable = [], keepsake }: CellOrder): Promise<CellLink> => {
  const { stay } = options;
  const refuse = (why: string, cause?: unknown): Error =>
    errors.make('VIV_CELL_LAUNCH', `cell ${name} could not be started: ${why}`, { cause });
  const folder = await CellFolder.create(options.folder).catch((error: unknown) => {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  });
  if (Buffer.byteLength(folder.socket) > LONGEST_SOCKET) {
    await folder.remove();
    throw refuse(`the path of its socket has more than ${LONGEST_SOCKET} bytes: ${folder.socket}`);
  }
  let child: ChildProcess | undefined;
  try {
    const record: CellRecord = { version: 1, name, host: identityOf(process.pid), keepsake };
    await folder.note(record);
    child = await start(
      folder,
      confined({ ...options, limits, writable: [...options.writable, ...writable], work: folder.work, main: MAIN }),
    );
    const cell = identityOf(child.pid ?? 0);
    const died = exitOf(child, name, folder);
    await folder.note({ ...record, cell });
    const running = child;
    const over = (): boolean => running.exitCode !== null || running.signalCode !== null;
    const socket = await meet(folder.socket, over);
    if (socket === undefined) {
      endProcess(cell);
      throw refuse((await died.reason)?.message ?? 'it did not come up in time');
    }
    if (stay) child.unref();
    return {
      channel: socketChannel(socket),
      pid: cell.pid,
      died: died.reason,
      kill: async () => {
        died.expect();
        if (!over()) endProcess(cell);
        await died.reason;
        socket.destroy();
      },
      clean: () => folder.remove(),
    };
  } catch (error) {
    child?.kill('SIGKILL');
    await folder.remove();
    if (isVivariumError(error)) throw error;
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
};

const MAIN = fileURLToPath(beside(import.meta.url, 'process-main'));

/** Starts the command with nothing of this process: no variables, no descriptors but a file for what it prints. */
const start = async (folder: CellFolder, command: readonly string[]): Promise<ChildProcess> => {
  const log = await open(folder.log, 'w', 0o600);
  try {
    const [program = '', ...words] = command;
    const child = spawn(program, words, {
      cwd: folder.work,
      env: {},
      stdio: ['ignore', log.fd, log.fd],
      // A session of its own: what is typed at the host's terminal is not for it.
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    throw errors.make('VIV_CELL_LAUNCH', `no process: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await log.close();
  }
};

/** Why a child ended; nothing when its end was expected. */
const exitOf = (child: ChildProcess, name: string, folder: CellFolder) => {
  let expected = false;
  const reason = new Promise<CodedError | undefined>((resolve) => {
    child.once('exit', (code, signal) => {
      if (expected) resolve(undefined);
      else {
        const how = code === EXCEPTION_CODE ? 'threw' : `ended its process with code ${code}`;
        void folder.printed().then((printed) => resolve(reasonOf(name, printed, how, signal)));
      }
    });
  });
  return {
    reason,
    expect: () => {
      expected = true;
    },
  };
};

/** Resolves once a process that is no child of this one has gone. */
const gone = async (cell: ProcessIdentity): Promise<void> => {
  while (isAlive(cell)) await sleep(20);
};

const adoptOne = async (folder: CellFolder): Promise<Foundling | undefined> => {
  const record = await folder.record();
  if (record === undefined) {
    // Its host died before it had written what it is.
    await folder.remove();
    return undefined;
  }
  const { name, keepsake, host, cell } = record;
  if (host.pid !== process.pid && isAlive(host)) return undefined;
  const socket = cell === undefined || isAlive(cell) ? await tryConnect(folder.socket) : undefined;
  if (socket === undefined || cell === undefined) {
    socket?.destroy(); // which tells a cell that was never used to leave
    if (cell !== undefined) endProcess(cell);
    const lastWord = await folder.lastWord();
    await folder.remove();
    return { name, keepsake, ...(lastWord === undefined ? {} : { lastWord }) };
  }
  await folder.note({ ...record, host: identityOf(process.pid) });
  let expected = false;
  const died = new Promise<CodedError | undefined>((resolve) => {
    socket.once('close', () => {
      void gone(cell)
        .then(() => folder.printed())
        .then((printed) => resolve(expected ? undefined : reasonOf(name, printed, 'ended', null)));
    });
  });
  const link: CellLink = {
    channel: socketChannel(socket),
    pid: cell.pid,
    died,
    kill: async () => {
      expected = true;
      endProcess(cell);
      await gone(cell);
      socket.destroy();
    },
    clean: () => folder.remove(),
  };
  return { name, keepsake, link };
};

interface Launching {
  readonly folder: string | undefined;
  readonly stay: boolean;
  readonly writable: readonly string[];
  readonly readable: readonly string[] | undefined;
}

/**
 * Cells in processes of their own. What a cell does not need it does not have: no environment, no descriptors but its
 * channel, a working folder that goes with it, limits of the operating system, and Node's permission model, by which it
 * writes to its folder alone and starts no programs. It still is the user that it is, and the network is open to it:
 * for guests that must not be trusted with that, run the host as a user of its own.
 */
export const processCells = (options: ProcessCellOptions = {}): CellKind => {
  const launching: Launching = {
    folder: options.folder,
    stay: options.outlive === true,
    writable: options.writable ?? [],
    readable: options.readable,
  };
  return {
    name: 'process',
    outlives: launching.stay,
    launch: (order) => launch(launching, order),
    adopt: async () => {
      const found: Foundling[] = [];
      for (const folder of options.folder === undefined ? [] : await CellFolder.all(options.folder)) {
        const foundling = await adoptOne(folder);
        if (foundling !== undefined) found.push(foundling);
      }
      return found;
    },
  };
};
