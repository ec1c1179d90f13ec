import type { CallName, InputOf, OutputOf, StreamName } from '@vivarium/control';
import { errors } from './errors.ts';
import { errorOf, objectOf } from './problem.ts';
import { pathOf, queryOf, routes } from './routes.ts';
import { type ClientStream, openStream, type StreamHandlers } from './stream.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A client of a daemon. */
export interface Client {
  /** Does a call. Rejects with the coded error that the daemon answers with, or `VIV_CLIENT_…`. */
  call<Name extends CallName>(name: Name, input: InputOf<Name>, options?: CallOptions): Promise<OutputOf<Name>>;
  /** Opens a stream. Errors come to the handlers' `end`. */
  open<Name extends StreamName>(name: Name, input: InputOf<Name>, handlers: StreamHandlers<Name>): ClientStream<Name>;
  /** The text of `/metrics`. */
  metrics(options?: CallOptions): Promise<string>;
}

/** A client over any transport. */
export const clientOver = (transport: Transport): Client => {
  const ask = async (method: string, path: string, body: string | undefined, options: CallOptions): Promise<string> => {
    const { signal } = options;
    const { status, text } = await transport.request({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (status >= 200 && status < 300) return text;
    if (!text.startsWith('{')) throw errors.make('VIV_CLIENT_ANSWER', `the answer has the status ${status}`);
    throw errorOf(objectOf(text));
  };
  return {
    call: async (name, input, options = {}) => {
      const { method } = routes[name];
      const { path, rest } = pathOf(name, input);
      const inBody = method !== 'GET' && method !== 'DELETE';
      const target = inBody ? path : path + queryOf(rest);
      const body = inBody && Object.keys(rest).length > 0 ? JSON.stringify(rest) : undefined;
      return objectOf(await ask(method, target, body, options)) as never;
    },
    open: (name, input, handlers) => openStream(transport, name, input, handlers),
    metrics: (options = {}) => ask('GET', '/metrics', undefined, options),
  };
};
