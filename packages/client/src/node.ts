/**
 * The client in Node: over the Unix socket of a daemon, or to a URL, with streams that wait for whoever reads them.
 *
 * @example
 * import { connect } from '@vivarium/client/node';
 *
 * const client = connect({ socket: '/run/user/1000/vivarium/control.sock' });
 * await client.call('start', { name: 'web' });
 *
 * @module
 */
import { type Client, clientOver } from './client.ts';
import { errors } from './errors.ts';
import { nodeTransport } from './node/node-transport.ts';

/** Where the daemon is. */
export type ConnectOptions =
  | { readonly socket: string }
  /** `http://` on the loopback. */
  | { readonly url: string | URL; readonly token?: string };

const parse = (url: string | URL): URL => {
  try {
    return new URL(url);
  } catch (cause) {
    throw errors.make('VIV_CLIENT_CONNECT', `${String(url)} is no URL`, { cause });
  }
};

/** A client of the daemon there; connects when it is asked for something. Throws `VIV_CLIENT_CONNECT` for what is no address. */
export const connect = (options: ConnectOptions): Client => {
  if ('socket' in options) return clientOver(nodeTransport({ socketPath: options.socket }));
  const { protocol, hostname, port } = parse(options.url);
  if (protocol !== 'http:') {
    throw errors.make('VIV_CLIENT_CONNECT', `a daemon is at http://…, not at ${protocol}//`);
  }
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return clientOver(nodeTransport({ host, port: port === '' ? '80' : port, token: options.token }));
};

export type { CallOptions, Client } from './client.ts';
export { errorTable } from './errors.ts';
export type { ClientStream, StreamHandlers } from './stream.ts';
