/**
 * A typed client of the daemon: the table of operations of `@vivarium/control` as calls and streams, by `fetch` and
 * `WebSocket`. In Node, `@vivarium/client/node` speaks over Unix sockets, too, and can let streams wait.
 *
 * @example
 * import { createClient } from '@vivarium/client';
 *
 * const client = createClient({ url: 'http://127.0.0.1:7070', token });
 * const { machines } = await client.call('list', {});
 * console.log(machines.map(({ name, status }) => `${name} ${status}`));
 *
 * @module
 */
import { type Client, clientOver } from './client.ts';
import { webTransport } from './web-transport.ts';

export interface ClientOptions {
  /** Where the daemon listens, such as `http://127.0.0.1:7070`. */
  readonly url: string | URL;
  readonly token?: string;
}

/** A client of the daemon at a URL. */
export const createClient = ({ url, token }: ClientOptions): Client => clientOver(webTransport(new URL(url), token));

export { type CallOptions, type Client, clientOver } from './client.ts';
export { errorTable } from './errors.ts';
export type { ClientStream, StreamHandlers } from './stream.ts';
export {
  type SocketListener,
  subprotocols,
  type Transport,
  type TransportAnswer,
  type TransportSocket,
} from './transport.ts';
