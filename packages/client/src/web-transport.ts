import { errors } from './errors.ts';
import { type SocketListener, subprotocols, type Transport, type TransportSocket } from './transport.ts';

/** Milliseconds between two looks at whether what was sent has left: browsers have no event for it. */
const LOOK = 20;

const openSocket = (url: string, token: string | undefined, listener: SocketListener): TransportSocket => {
  const socket = new WebSocket(url, subprotocols(token));
  socket.binaryType = 'arraybuffer';
  let look: ReturnType<typeof setInterval> | undefined;
  const stopLooking = (): void => {
    clearInterval(look);
    look = undefined;
  };
  socket.addEventListener('open', () => listener.opened());
  socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string') listener.text(data);
    else if (data instanceof ArrayBuffer) listener.bytes(new Uint8Array(data));
  });
  socket.addEventListener('close', ({ code }) => {
    stopLooking();
    listener.closed(code);
  });
  return {
    send: (message) => {
      socket.send(typeof message === 'string' ? message : new Uint8Array(message));
      if (socket.bufferedAmount === 0) return;
      look ??= setInterval(() => {
        if (socket.bufferedAmount > 0) return;
        stopLooking();
        listener.drained();
      }, LOOK);
    },
    get waiting() {
      return socket.bufferedAmount;
    },
    pause: () => {},
    resume: () => {},
    close: () => socket.close(1000),
  };
};

/** By `fetch` and `WebSocket`, which browsers, their workers and Node have. */
export const webTransport = (base: URL, token: string | undefined): Transport => ({
  request: async ({ method, path, body, signal }) => {
    let response: Response;
    try {
      response = await fetch(new URL(path, base), {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw errors.make('VIV_CLIENT_CONNECT', `there is no answer from ${base.origin}`, { cause });
    }
    return { status: response.status, text: await response.text() };
  },
  socket: (path, listener) => {
    const url = new URL(path, base);
    url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
    return openSocket(url.href, token, listener);
  },
});
