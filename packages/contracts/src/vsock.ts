import { defineManyToken, type Token } from './token.ts';

/** How a connection came to its end. `done`: both sides had said all; `reset`: it broke, or one side had enough. */
export type VsockEnd = 'done' | 'reset';

/** The host code's side of a connection. */
export interface VsockHandlers {
  /**
   * Bytes of the guest, valid during the call. Returns how many were taken; the rest comes again after
   * {@link VsockConnection.resume}, and meanwhile the guest waits.
   */
  receive(bytes: Uint8Array): number;
  /** A `write` that took less than it was given can go on. */
  drained(): void;
  /** The guest sends no more; every byte was received. */
  ended(): void;
  /** It is over, in both directions. Called once, and not after `destroy`. */
  closed(end: VsockEnd): void;
}

/**
 * A stream of bytes to a program in the guest, bounded in both directions: bytes from the guest wait in a buffer of
 * fixed size, bytes for the guest are taken only when it has room.
 */
export interface VsockConnection {
  readonly guestPort: number;
  readonly hostPort: number;
  /** Plugs host code in, once; until then bytes wait. For a connection of the guest's this accepts it. */
  connect(handlers: VsockHandlers): void;
  /**
   * Takes as many bytes as the guest has room for now and returns how many; bytes are copied. Bytes for a guest that
   * reads no more are taken and dropped; after `end` and when it is over none are.
   */
  write(bytes: Uint8Array): number;
  /** Nothing follows: the guest reads to the end of it. */
  end(): void;
  /** `receive` has room again. */
  resume(): void;
  /** Breaks the connection at once, or refuses one that was not accepted. */
  destroy(): void;
}

/**
 * The host's end of a machine's vsock device: connections between host code and programs in the guest, without a network.
 * Ports are whole numbers from 0 to 2^32-2.
 */
export interface VsockHost {
  /** The guest's address. */
  readonly guestCid: number;
  /** A driver runs the device. */
  readonly active: boolean;
  /** Connections there are, open or about to be. */
  readonly connections: number;
  /**
   * Connects to a program that listens on `port` in the guest. Rejects with `VIV_VSOCK_REFUSED` when none does,
   * `VIV_VSOCK_TIMEOUT`, `VIV_VSOCK_DOWN` when no driver runs the device, `VIV_VSOCK_FULL` when there are as many
   * connections as there may be, `VIV_VSOCK_PORT` for a number that is no port.
   */
  connect(port: number): Promise<VsockConnection>;
  /**
   * Offers every connection that the guest makes to `port` of the host, or to any port that nobody listens on. Returns
   * its removal. Throws `VIV_VSOCK_PORT` for a port that is taken, or is none.
   */
  listen(port: number | 'any', offered: (connection: VsockConnection) => void): () => void;
  /** Breaks every connection and tells the driver so: the machine goes on somewhere else, or at another time. */
  transportReset(): void;
}

export const VsockHostToken: Token<VsockHost> = defineManyToken('vivarium/vsock-host', 1);
