// Hot: each segment of the guest is looked up here.
import type { ConnectionEnds, TcpConnection } from './tcp-connection.ts';

/** An address and a port in one number, which holds 48 bits exactly. */
const socketKey = (address: number, port: number): number => address * 0x1_0000 + port;

/** Connections by both ends. */
export class ConnectionTable {
  readonly #remotes = new Map<number, Map<number, TcpConnection>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find({ guest, guestPort, remote, remotePort }: ConnectionEnds): TcpConnection | undefined {
    return this.#remotes.get(socketKey(remote, remotePort))?.get(socketKey(guest, guestPort));
  }

  add(connection: TcpConnection): void {
    const { guest, guestPort, remote, remotePort } = connection.ends;
    const key = socketKey(remote, remotePort);
    const guests = this.#remotes.get(key) ?? new Map<number, TcpConnection>();
    this.#remotes.set(key, guests);
    guests.set(socketKey(guest, guestPort), connection);
    this.#size += 1;
  }

  delete(connection: TcpConnection): void {
    const { guest, guestPort, remote, remotePort } = connection.ends;
    const key = socketKey(remote, remotePort);
    const guests = this.#remotes.get(key);
    if (guests?.delete(socketKey(guest, guestPort)) !== true) return;
    this.#size -= 1;
    if (guests.size === 0) this.#remotes.delete(key);
  }

  *[Symbol.iterator](): Generator<TcpConnection> {
    for (const guests of this.#remotes.values()) yield* guests.values();
  }
}
