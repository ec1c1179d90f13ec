import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

/** Bytes `first` to `last`, both among them. */
interface Range {
  readonly first: number;
  readonly last: number;
}

const WHOLE = /^bytes=(\d{1,15})-(\d{0,15})$/;
const END = /^bytes=-(\d{1,15})$/;

/**
 * The one range that is asked for (RFC 9110, section 14.1.2). Undefined: all of the file, also for several ranges and
 * for what is no range, which a server may ignore.
 */
export const readRange = (header: string | undefined, size: number): Range | 'unsatisfiable' | undefined => {
  const [, first = '', last = ''] = WHOLE.exec(header ?? '') ?? [];
  const [, suffix = ''] = END.exec(header ?? '') ?? [];
  if (first === '' && suffix === '') return undefined;
  const range =
    suffix === ''
      ? { first: Number(first), last: Math.min(last === '' ? size - 1 : Number(last), size - 1) }
      : { first: Math.max(size - Number(suffix), 0), last: size - 1 };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return range.first > range.last ? 'unsatisfiable' : range;
};

/**
 * Sends a file or the range of it that is asked for, or says that the browser's copy is still right, or that the file
 * has been removed.
 */
export const sendFile = async (request: IncomingMessage, response: ServerResponse, file: string): Promise<void> => {
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined) {
    response.statusCode = 404;
    response.end();
    return;
  }
  const { size, mtimeMs } = facts;
  const tag = `"${size.toString(16)}-${Math.trunc(mtimeMs).toString(16)}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  if (request.headers['if-none-match'] === tag) {
    response.statusCode = 304;
    response.end();
    return;
  }
  const range = readRange(request.headers.range, size);
  response.setHeader('Content-Type', 'application/octet-stream');
  if (range === 'unsatisfiable') {
    response.statusCode = 416;
    response.setHeader('Content-Range', `bytes */${size}`);
    response.end();
    return;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.setHeader('Content-Length', last - first + 1);
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${first}-${last}/${size}`);
  }
  if (size === 0 || request.method === 'HEAD') {
    response.end();
    return;
  }
  // A browser that goes away in the middle is nobody's error, and a file that cannot be read ends the response short.
  pipeline(createReadStream(file, { start: first, end: last }), response, () => {});
};
