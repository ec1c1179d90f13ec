/**
 * Listens on TCP for GDB. Whoever can connect can read and change everything in the guest: the default address is the
 * host's own, and there is no password.
 *
 * @module
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { DebugTarget } from '@vivarium/contracts';
import { GdbConnection } from './connection.ts';
import { errors } from './errors.ts';
import { describeTarget } from './target-description.ts';

export interface GdbServerOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Told, for people, who came and went. */
  readonly notice?: (text: string) => void;
}

export interface GdbServer {
  readonly host: string;
  readonly port: number;
  /** Ends the connection, if there is one, and listens no more. */
  close(): Promise<void>;
}

/** Bytes that a client may leave unread; one that asks on and on without reading is cut off. */
const MOST_UNSENT = 1 << 20;
/** Connections at a time; all but one are turned away when they say something. */
const MOST_CONNECTIONS = 8;
/** Milliseconds that a client has to read what was sent before its connection is closed. */
const CLOSING_GRACE = 1000;

/** Listens for debuggers of a machine, one at a time. Throws `VIV_GDB_LISTEN` and `VIV_GDB_ARCHITECTURE`. */
export const listenForGdb = async (target: DebugTarget, options: GdbServerOptions): Promise<GdbServer> => {
  const { host = '127.0.0.1', port, notice = () => {} } = options;
  const description = describeTarget(target.architecture, target.vcpus[0]);
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const peer = `${socket.remoteAddress ?? 'nobody'}:${socket.remotePort ?? 0}`;
    // What goes wrong with a connection ends it, and `close` follows.
    socket.on('error', () => {});
    let attached = false;
    const connection = new GdbConnection(target, description, {
      send: (bytes) => {
        if (socket.writable) socket.write(bytes);
        if (socket.writableLength > MOST_UNSENT) socket.destroy();
      },
      close: () => socket.end(),
      attached: () => {
        attached = true;
        notice(`debugger at ${peer} is attached`);
      },
      refused: () => notice(`${peer} is refused: it is no debugger, or there is another, or the machine has ended`),
    });
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => connection.receive(bytes));
    socket.on('close', () => {
      sockets.delete(socket);
      connection.closed();
      if (attached) notice(`debugger at ${peer} is gone`);
    });
  };
  const server = createServer(serve);
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, host, port);
  const address = server.address();
  return {
    host,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        // What was sent last may still reach a client that reads.
        for (const socket of sockets) socket.destroySoon();
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, CLOSING_GRACE);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
};

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(errors.make('VIV_GDB_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
