import type { VsockConnection } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** Who is offered a connection of the guest. */
export type Offer = (connection: VsockConnection) => void;

/** Host code that waits for connections, by port. */
export class Listeners {
  readonly #byPort = new Map<number | 'any', Offer>();

  /** Throws `VIV_VSOCK_PORT` when somebody has the port. */
  add(port: number | 'any', offered: Offer): () => void {
    if (this.#byPort.has(port)) throw errors.make('VIV_VSOCK_PORT', `somebody listens on vsock port ${port} already`);
    // Wrapped: a removal removes its own, and not who came after it.
    const entry: Offer = (connection) => offered(connection);
    this.#byPort.set(port, entry);
    return () => {
      if (this.#byPort.get(port) === entry) this.#byPort.delete(port);
    };
  }

  get(port: number): Offer | undefined {
    return this.#byPort.get(port) ?? this.#byPort.get('any');
  }
}
