import type { Connection } from './connection.ts';

const key = (guestPort: number, hostPort: number): string => `${guestPort}:${hostPort}`;

/** The connections of a device: by their ports, and those whose guest is gone while host code still reads. */
export class ConnectionTable {
  readonly #byPorts = new Map<string, Connection>();
  readonly #detached = new Set<Connection>();

  get size(): number {
    return this.#byPorts.size + this.#detached.size;
  }

  get(guestPort: number, hostPort: number): Connection | undefined {
    return this.#byPorts.get(key(guestPort, hostPort));
  }

  add(connection: Connection): void {
    this.#byPorts.set(key(connection.guestPort, connection.hostPort), connection);
  }

  /** The ports are free; the connection still counts. */
  detach(connection: Connection): void {
    this.#byPorts.delete(key(connection.guestPort, connection.hostPort));
    this.#detached.add(connection);
  }

  delete(connection: Connection): void {
    if (this.#detached.delete(connection)) return;
    this.#byPorts.delete(key(connection.guestPort, connection.hostPort));
  }

  all(): readonly Connection[] {
    return [...this.#byPorts.values(), ...this.#detached];
  }
}
