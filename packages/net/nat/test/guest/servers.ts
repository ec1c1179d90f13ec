import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A TCP server on the loopback; it is closed, with all its sockets, by `close`. */
export const serve = async (
  handle: (socket: Socket) => void,
  port = 0,
): Promise<{ readonly port: number; readonly server: Server; readonly sockets: Set<Socket>; close(): void }> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    handle(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    server,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** A UDP server on the loopback that answers with what `answer` makes of a datagram. */
export const serveUdp = async (
  answer: (bytes: Buffer) => Uint8Array | undefined,
): Promise<{ readonly port: number; readonly seen: { readonly port: number }[]; close(): void }> => {
  const socket = createSocket('udp4');
  const seen: { readonly port: number }[] = [];
  socket.on('message', (bytes, from) => {
    seen.push({ port: from.port });
    const reply = answer(bytes);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return { port: socket.address().port, seen, close: () => socket.close() };
};
