import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const BYTES = 64 * 1024 * 1024;
const PIECE = Buffer.alloc(256 * 1024, 0x5a);

/** The other end of the network jobs. */
export interface NetworkServer extends Disposable {
  readonly port: number;
}

const download = (socket: Socket): void => {
  const send = (left: number): void => {
    if (left === 0) socket.end();
    else if (socket.write(PIECE)) setImmediate(send, left - PIECE.length);
    else socket.once('drain', () => send(left - PIECE.length));
  };
  send(BYTES);
};

const upload = (socket: Socket, first: number): void => {
  let received = first;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  socket.on('end', () => {
    const answer = Buffer.alloc(8);
    answer.writeBigUInt64LE(BigInt(received));
    socket.end(answer);
  });
};

/** Serves each connection as its first byte asks: `d` sends 64 MiB, `u` counts what comes, `r` sends back what comes. */
export const serveNetworkJobs = async (): Promise<NetworkServer> => {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {}); // a guest that goes away ends its job without a result, which says so
    socket.once('data', (bytes: Buffer) => {
      const kind = String.fromCharCode(bytes[0] ?? 0);
      if (kind === 'd') download(socket);
      else if (kind === 'u') upload(socket, bytes.length - 1);
      else {
        socket.write(bytes.subarray(1));
        socket.pipe(socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
};
