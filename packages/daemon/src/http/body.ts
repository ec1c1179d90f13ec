import type { IncomingMessage } from 'node:http';
import { errors } from '../errors.ts';

const isJson = (type: string | undefined): boolean =>
  /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type ?? '');

const gathered = async (request: IncomingMessage, most: number): Promise<Buffer> => {
  const large = (): Error => errors.make('VIV_DAEMON_BODY_LARGE', `the body has more than ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) throw large();
  const pieces: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > most) {
        request.pause();
        reject(large());
      } else pieces.push(piece);
    });
    request.once('end', () => resolve(Buffer.concat(pieces)));
    const cut = (): void => reject(errors.make('VIV_DAEMON_REQUEST', 'the caller left before the end of its request'));
    request.once('error', cut);
    request.once('close', cut);
  });
};

/** The body of a request as a JSON object; an empty one where there is none. */
export const readBody = async (request: IncomingMessage, most: number): Promise<Readonly<Record<string, unknown>>> => {
  const { headers } = request;
  if (headers['content-encoding'] !== undefined) {
    throw errors.make('VIV_DAEMON_BODY_TYPE', `the body is encoded: ${headers['content-encoding'].slice(0, 64)}`);
  }
  const bytes = await gathered(request, most);
  if (bytes.length === 0) return {};
  if (!isJson(headers['content-type'])) {
    throw errors.make('VIV_DAEMON_BODY_TYPE', `the body is ${(headers['content-type'] ?? 'of no type').slice(0, 64)}`);
  }
  return parseObject(bytes);
};

/** A JSON object in UTF-8. Throws `VIV_DAEMON_REQUEST`. */
export const parseObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw errors.make('VIV_DAEMON_REQUEST', 'what was sent is no JSON in UTF-8', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.make('VIV_DAEMON_REQUEST', 'what was sent is JSON, but no object');
  }
  return value as Readonly<Record<string, unknown>>;
};
