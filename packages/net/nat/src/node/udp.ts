import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { HostListener, HostUdpEvents, HostUdpSocket } from '../host/host-network.ts';

/** Bytes that wait in Node for the kernel; datagrams beyond are lost, as in any network. */
const MOST_WAITING = 2 ** 20;

class NodeUdpSocket implements HostUdpSocket {
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, events: HostUdpEvents) {
    this.#socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      if (!this.#closed) events.message(bytes, address, port);
    });
    // Of a socket that is not connected these are failures to bind, or of one datagram.
    socket.on('error', () => {
      if (this.#closed) return;
      this.close();
      events.failed();
    });
  }

  send(bytes: Uint8Array, address: string, port: number): void {
    if (this.#closed || this.#waiting > MOST_WAITING) return;
    // An error is told to the callback, and so does not end the socket.
    this.#socket.send(bytes, port, address, () => {});
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  /** Not known before the socket is bound; Node then keeps a few datagrams. */
  get #waiting(): number {
    try {
      return this.#socket.getSendQueueSize();
    } catch {
      return 0;
    }
  }
}

export const udpSocket = (events: HostUdpEvents): HostUdpSocket => {
  const socket = createSocket('udp4');
  const made = new NodeUdpSocket(socket, events);
  socket.bind(0);
  return made;
};

export const udpListen = (
  address: string,
  port: number,
  events: HostUdpEvents,
): Promise<HostUdpSocket & HostListener> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(Object.assign(new NodeUdpSocket(socket, events), { port: socket.address().port }));
    });
  });
