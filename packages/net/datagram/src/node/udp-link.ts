import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { DatagramLink } from '../datagram-link.ts';
import { errors } from '../errors.ts';

/** Where one end of a link is. */
export interface UdpEnd {
  /** An IP address; default 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
}

/** Options of {@link openUdpLink}. */
export interface UdpLinkOptions {
  /** Port 0: any that is free. */
  readonly local: UdpEnd;
  /** Datagrams of others are not taken. */
  readonly remote: UdpEnd;
}

/** A link over UDP. */
export interface UdpLink extends DatagramLink, AsyncDisposable {
  /** Of the local end. */
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Bytes that the host keeps for each direction, as far as it allows. */
const BUFFER = 4 * 1024 * 1024;

/** Opens one end of a link; the other one need not be there. Rejects with `VIV_DATAGRAM_SOCKET`. */
export const openUdpLink = async ({ local, remote }: UdpLinkOptions): Promise<UdpLink> => {
  const { address = LOOPBACK } = local;
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  try {
    socket.bind({ address, port: local.port, exclusive: true });
    await once(socket, 'listening');
    // Connected: the host drops what comes from anybody else.
    socket.connect(remote.port, remote.address ?? LOOPBACK);
    await once(socket, 'connect');
  } catch (error) {
    socket.close();
    throw errors.make('VIV_DATAGRAM_SOCKET', `${address} port ${local.port}: ${(error as Error).message}`, {
      cause: error,
      details: { local, remote },
    });
  }
  return new SocketLink(socket);
};

class SocketLink implements UdpLink {
  readonly port: number;
  readonly #socket: Socket;
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    // That nobody listens at the other end is how every network may be.
    socket.on('error', () => {});
    socket.on('message', (bytes) => this.#listener?.(bytes));
    try {
      socket.setRecvBufferSize(BUFFER);
      socket.setSendBufferSize(BUFFER);
    } catch {
      // Smaller buffers lose more in a burst, and that is all.
    }
  }

  send(bytes: Uint8Array, done: () => void): void {
    if (this.#closed !== undefined) return;
    try {
      this.#socket.send(bytes, () => done());
    } catch {
      done();
    }
  }

  listen(listener: ((bytes: Uint8Array) => void) | undefined): void {
    this.#listener = listener;
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
