/** What carries datagrams: whole, in any order, or not at all. Nothing here throws. */
export interface DatagramLink {
  /** Sends a datagram. The bytes are the link's until it calls `done`, whether it went out or not. */
  send(bytes: Uint8Array, done: () => void): void;
  /** Calls `listener` with each datagram that comes, in memory of its own; undefined: nobody listens. */
  listen(listener: ((bytes: Uint8Array) => void) | undefined): void;
}
