import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Problem, problemOf } from '@vivarium/control';

/** What goes back to a caller. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const jsonAnswer = (value: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
});

export const problemAnswer = (error: unknown, headers: Readonly<Record<string, string>> = {}): Answer => {
  const problem: Problem = problemOf(error);
  const challenge = problem.status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  return {
    status: problem.status,
    type: 'application/problem+json',
    body: JSON.stringify(problem),
    headers: { ...challenge, ...headers },
  };
};

const headersOf = ({ type, body, headers }: Answer): Readonly<Record<string, string>> => ({
  'content-type': type,
  'content-length': String(Buffer.byteLength(body)),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  ...headers,
});

/** Sends an answer, to a caller that takes it in time. */
export const send = (
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  { time, last }: { readonly time: number; readonly last: boolean },
): void => {
  const { socket } = request;
  // What is still on its way of a request that is answered already is not waited for.
  const over = last || !request.complete;
  response.writeHead(answer.status, { ...headersOf(answer), ...(over ? { connection: 'close' } : {}) });
  const timer = setTimeout(() => socket.destroy(), time);
  response.once('close', () => clearTimeout(timer));
  response.end(answer.body);
};

/** The same where there is no response: a request that is none, or one for a WebSocket that is refused. */
export const sendRaw = (socket: Duplex, answer: Answer, time: number): void => {
  socket.on('error', () => {});
  const lines = Object.entries({ ...headersOf(answer), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`;
  const timer = setTimeout(() => socket.destroy(), time);
  socket.once('close', () => clearTimeout(timer));
  // Takes what still comes, so that closing does not take the answer away from the caller.
  socket.resume();
  socket.end(head + answer.body, () => socket.destroy());
};
