import type { Socket } from 'node:net';
import type { VsockHost } from '@vivarium/contracts';
import { joinSocket } from './join-socket.ts';

/** `CONNECT 4294967294\n` has 19 bytes. */
const LONGEST_LINE = 32;
const NEWLINE = 10;

/** The port of a client's line, without its end; undefined when it is none. */
export const parseConnect = (line: string): number | undefined => {
  const digits = /^CONNECT (\d{1,10})\r?$/.exec(line)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Reads a client's `CONNECT` line, connects it to the guest, and lets go of it when anything is wrong. */
export const acceptClient = (socket: Socket, host: VsockHost, lineTimeout: number): void => {
  const onError = (): void => void socket.destroy();
  socket.on('error', onError);
  const late = setTimeout(onError, lineTimeout);
  let line = '';
  const onEnd = (): void => void socket.destroy();
  const onReadable = (): void => {
    // Byte by byte: what follows the line is the guest's.
    for (let byte = socket.read(1) as Uint8Array | null; byte !== null; byte = socket.read(1) as Uint8Array | null) {
      if (byte[0] === NEWLINE) {
        clearTimeout(late);
        socket.off('readable', onReadable);
        socket.off('end', onEnd);
        void join(socket, host, parseConnect(line));
        return;
      }
      line += String.fromCharCode(byte[0] ?? 0);
      if (line.length > LONGEST_LINE) {
        socket.destroy();
        return;
      }
    }
  };
  socket.on('close', () => clearTimeout(late));
  socket.on('end', onEnd);
  socket.on('readable', onReadable);
};

const join = async (socket: Socket, host: VsockHost, port: number | undefined): Promise<void> => {
  try {
    if (port === undefined) {
      socket.destroy();
      return;
    }
    const connection = await host.connect(port);
    if (socket.destroyed) {
      connection.destroy();
      return;
    }
    socket.write(`OK ${connection.hostPort}\n`);
    joinSocket(socket, connection);
    // It has been in paused mode since its line was read.
    socket.resume();
  } catch {
    // Refused, or no such port: the client hears it by the end of its connection.
    socket.destroy();
  }
};
