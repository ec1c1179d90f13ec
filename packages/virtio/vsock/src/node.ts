/**
 * Vsock ports as Unix sockets, in the way of Firecracker. A client of the socket at `path` sends `CONNECT 52\n`, reads
 * `OK 1073741824\n` and talks to port 52 of the guest; what the guest connects to on port 52 of the host goes to the
 * socket at `path_52`, where a program of the host listens.
 *
 * @example
 * import type { VsockHost } from '@vivarium/contracts';
 * import { vsockUnixSockets } from '@vivarium/virtio-vsock/node';
 *
 * // With `machine.get(VsockHostToken, 'vsock0')`.
 * const serve = async (host: VsockHost): Promise<void> => {
 *   await using sockets = await vsockUnixSockets(host, { path: '/run/guest.vsock' });
 *   console.log(sockets.path);
 * };
 *
 * @module
 */
import { connect, createServer, type Server } from 'node:net';
import type { VsockHost } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { acceptClient } from './node/client.ts';
import { joinSocket } from './node/join-socket.ts';

/** Options of {@link vsockUnixSockets}. */
export interface VsockUnixOptions {
  /** Of the socket for connections into the guest, and what the names of the others start with. */
  readonly path: string;
  /** Seconds that a client has for its `CONNECT` line. Default 10. */
  readonly lineTimeout?: number;
}

/** What holds the sockets. */
export interface VsockUnixSockets extends AsyncDisposable {
  readonly path: string;
  /** Takes the sockets away and breaks every connection. */
  close(): Promise<void>;
}

/** Makes the socket. Rejects with `VIV_VSOCK_SOCKET` when it cannot, `VIV_VSOCK_PORT` when others serve all ports. */
export const vsockUnixSockets = async (
  host: VsockHost,
  { path, lineTimeout = 10 }: VsockUnixOptions,
): Promise<VsockUnixSockets> => {
  const open = new Set<() => void>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const close = (): void => void socket.destroy();
    open.add(close);
    socket.on('close', () => open.delete(close));
    acceptClient(socket, host, lineTimeout * 1000);
  });
  await listenOn(server, path);
  let remove: () => void;
  try {
    remove = host.listen('any', (connection) => {
      const socket = connect({ path: `${path}_${connection.hostPort}`, allowHalfOpen: true });
      const close = (): void => void socket.destroy();
      open.add(close);
      socket.on('close', () => open.delete(close));
      // Nobody listens there: the guest hears that its connection is refused.
      socket.once('error', () => connection.destroy());
      socket.once('connect', () => joinSocket(socket, connection));
    });
  } catch (error) {
    server.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    remove();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const each of [...open]) each();
    await closed;
  };
  return { path, close, [Symbol.asyncDispose]: close };
};

const listenOn = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(errors.make('VIV_VSOCK_SOCKET', `the socket ${path} cannot be made: ${cause.message}`, { cause }));
    });
    server.listen(path, resolve);
  });
