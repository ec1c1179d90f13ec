import { type GdbServer, listenForGdb } from '@vivarium/gdb-stub/node';
import type { Cell } from '@vivarium/host';
import type { RunRequest } from './command-line.ts';
import { errors } from './errors.ts';
import type { Notices } from './notices.ts';

/** Listens for GDB, when that was asked for, and says where. Throws `VIV_GDB_CORE` and what the listener throws. */
export const listenForDebugger = async (
  { gdb }: RunRequest,
  cell: Cell,
  notices: Notices,
): Promise<GdbServer | undefined> => {
  if (gdb === undefined) return undefined;
  if (cell.debug === undefined) throw errors.make('VIV_GDB_CORE', 'the CPU core of this machine cannot be debugged');
  const { host, port, wait } = gdb;
  const server = await listenForGdb(cell.debug, { host, port, notice: (text) => notices.say(text) });
  const address = `${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  notices.say(`GDB: target remote ${address}${wait ? '; the guest waits for it' : ''}`);
  return server;
};
