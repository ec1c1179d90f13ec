import { request } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { errors } from '../errors.ts';
import { errorOf } from '../problem.ts';
import { subprotocols, type Transport, type TransportAnswer } from '../transport.ts';

/** A Unix socket, or host and port. */
export type Address =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: string; readonly token: string | undefined };

const MOST_BYTES = 64 << 20;
const LARGEST_MESSAGE = 16 << 20;

const nameOf = (address: Address): string => {
  if ('socketPath' in address) return address.socketPath;
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
};

const bytesOf = (data: RawData): Uint8Array => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return Array.isArray(data) ? Buffer.concat(data) : data;
};

const problemIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** By `node:http` and `ws`: over Unix sockets, too, and with streams that wait for a slow reader. */
export const nodeTransport = (address: Address): Transport => {
  const unix = 'socketPath' in address;
  const token = unix ? undefined : address.token;
  const refused = (cause: unknown): Error => {
    const why = cause instanceof Error ? cause.message : String(cause);
    return errors.make('VIV_CLIENT_CONNECT', `there is no answer at ${nameOf(address)}: ${why}`, { cause });
  };
  return {
    request: ({ method, path, body, signal }) =>
      new Promise<TransportAnswer>((resolve, reject) => {
        const asked = request(
          {
            ...(unix ? { socketPath: address.socketPath } : { host: address.host, port: address.port }),
            method,
            path,
            // Connections that stay open would keep a program from its end.
            agent: false,
            headers: {
              ...(unix ? { host: 'localhost' } : {}),
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
              ...(body === undefined
                ? {}
                : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
            },
            ...(signal === undefined ? {} : { signal }),
          },
          (response) => {
            const pieces: Buffer[] = [];
            let length = 0;
            response.on('data', (piece: Buffer) => {
              length += piece.length;
              if (length > MOST_BYTES) response.destroy(new Error(`the answer has more than ${MOST_BYTES} bytes`));
              else pieces.push(piece);
            });
            response.once('end', () =>
              resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
            );
            response.once('error', (cause) => reject(refused(cause)));
          },
        );
        asked.once('error', (cause) => reject(signal?.aborted === true ? signal.reason : refused(cause)));
        asked.end(body);
      }),
    socket: (path, listener) => {
      const url = unix ? `ws+unix:${address.socketPath}:${path}` : `ws://${nameOf(address)}${path}`;
      const socket = new WebSocket(url, subprotocols(token), {
        perMessageDeflate: false,
        maxPayload: LARGEST_MESSAGE,
      });
      let failure: unknown;
      socket.on('open', () => listener.opened());
      socket.on('message', (data, binary) => {
        const bytes = bytesOf(data);
        if (binary) listener.bytes(bytes);
        else listener.text(new TextDecoder().decode(bytes));
      });
      socket.on('error', (error) => {
        failure ??= refused(error);
      });
      // The daemon says why it opens no WebSocket, as it does to any request.
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (piece: Buffer) => {
          if (text.length < LARGEST_MESSAGE) text += piece.toString();
        });
        response.once('close', () => {
          failure = errorOf(problemIn(text));
          socket.terminate();
        });
      });
      socket.on('close', (code) => listener.closed(code, socket.protocol === '' ? failure : undefined));
      return {
        send: (message) => {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send(message, () => {
            if (socket.bufferedAmount === 0) listener.drained();
          });
        },
        get waiting() {
          return socket.bufferedAmount;
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => {
          socket.resume();
          socket.close(1000);
        },
      };
    },
  };
};
