import type { Socket } from 'node:net';
import type { VsockConnection } from '@vivarium/contracts';

/** Carries bytes between a socket of the host and a connection, both ways, until both have ended or one broke. */
export const joinSocket = (socket: Socket, connection: VsockConnection): void => {
  /** What the guest has had no room for; the socket is paused while there is some. */
  let waiting: Uint8Array | undefined;
  let hostEnded = false;
  let over = false;

  const send = (bytes: Uint8Array): void => {
    const taken = connection.write(bytes);
    waiting = taken < bytes.length ? bytes.subarray(taken) : undefined;
    if (waiting !== undefined) socket.pause();
    else if (hostEnded) connection.end();
  };
  socket.on('data', (bytes: Uint8Array) => send(bytes));
  socket.on('end', () => {
    hostEnded = true;
    if (waiting === undefined) connection.end();
  });
  socket.on('drain', () => connection.resume());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (!over) connection.destroy();
  });
  connection.connect({
    receive: (bytes) => {
      if (socket.writableNeedDrain) return 0;
      // A copy: the bytes are the guest's again when the call returns.
      if (socket.writable) socket.write(bytes.slice());
      return bytes.length;
    },
    drained: () => {
      if (waiting === undefined) return;
      send(waiting);
      if (waiting === undefined) socket.resume();
    },
    ended: () => void socket.end(),
    closed: (end) => {
      over = true;
      if (end === 'reset') socket.destroy();
      else socket.destroySoon();
    },
  });
};
