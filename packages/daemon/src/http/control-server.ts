import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Duplex } from 'node:stream';
import { isVivariumError } from '@vivarium/contracts';
import { type Control, type Principal, route } from '@vivarium/control';
import { WebSocketServer } from 'ws';
import type { Guard } from '../access/guard.ts';
import { errors } from '../errors.ts';
import { DEFAULT_LIMITS, type ServerLimits } from '../limits.ts';
import { outcomeOf, RequestCounts } from '../metrics.ts';
import { StreamSocket } from '../streams/stream-socket.ts';
import { type Answer, problemAnswer, send, sendRaw } from './answer.ts';
import { answerCall, countedAs, targetOf } from './calls.ts';
import { Connections } from './connections.ts';

export interface ControlServerOptions {
  readonly control: Control;
  readonly guard: Guard;
  readonly limits?: Partial<ServerLimits>;
  readonly version?: string;
  /** Shared by the listeners of a daemon. */
  readonly counts?: RequestCounts;
  /** Open connections of all listeners. Default: of this one. */
  readonly connections?: () => Readonly<Record<string, number>>;
  /** Told of what failed and has no code: a bug. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

/** Subprotocol of our WebSockets. */
const PROTOCOL = 'vivarium.v1';
const MOST_HEADER = 16 << 10;
/** Callers that wait to be let in; the operating system may allow fewer. */
const BACKLOG = 1024;
/** Milliseconds for a caller to answer a close of its WebSocket. */
const CLOSING = 5000;
/** Milliseconds for requests that are under way when the server closes. */
const LEAVING = 5000;

/** Serves a control plane to the callers of one listener. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #limits: ServerLimits;
  readonly #counts: RequestCounts;
  readonly #connections: Connections;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #streams = new Set<StreamSocket>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#limits = limits;
    this.#counts = options.counts ?? new RequestCounts();
    this.#connections = new Connections(limits.connections);
    this.#server = createServer({
      headersTimeout: Math.min(limits.headerTime, limits.requestTime),
      requestTimeout: limits.requestTime,
      keepAliveTimeout: limits.idleTime,
      connectionsCheckingInterval: Math.max(50, Math.min(limits.headerTime, 10_000) / 4),
      maxHeaderSize: MOST_HEADER,
    });
    this.#server.on('connection', this.#connections.add);
    this.#server.on('request', (request, response) => void this.#request(request, response));
    this.#server.on('upgrade', this.#upgrade);
    this.#server.on('clientError', this.#malformed);
    const sockets = {
      noServer: true,
      clientTracking: false,
      // Of guests' output little is worth the memory that compression takes for each caller.
      perMessageDeflate: false,
      maxPayload: limits.message,
      autoPong: false,
      // The types of the library do not know it yet.
      closeTimeout: CLOSING,
      handleProtocols: (offered: Set<string>) => (offered.has(PROTOCOL) ? PROTOCOL : (false as const)),
    };
    this.#sockets = new WebSocketServer(sockets);
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams) stream.ping();
    }, limits.heartbeat).unref();
  }

  /** Open connections. */
  get open(): number {
    return this.#connections.open;
  }

  /** Rejects with `VIV_DAEMON_LISTEN`. */
  async listen(where: ListenOptions): Promise<AddressInfo | string | null> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ backlog: BACKLOG, ...where }, resolve);
      });
    } catch (cause) {
      const at = where.path ?? `${where.host}:${where.port}`;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw errors.make('VIV_DAEMON_LISTEN', `${at}: ${why}`, { cause });
    }
    return this.#server.address();
  }

  /** Lets nobody in any more, waits a little for requests under way, and hangs up. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const stream of this.#streams) stream.leave();
    const hangUp = setTimeout(() => this.#connections.destroy(), LEAVING);
    await closed;
    clearTimeout(hangUp);
    this.#connections.destroy();
  }

  /** Who asks; throws for whoever may not. */
  #admit(request: IncomingMessage): Principal {
    const { guard, control } = this.#options;
    if (this.#connections.refuses(request.socket)) {
      throw errors.make('VIV_DAEMON_BUSY', `${this.#connections.open} connections are open`);
    }
    try {
      return guard.admit(request);
    } catch (error) {
      const code = isVivariumError(error) ? error.code : 'VIV_CONTROL_INTERNAL';
      control.refused({ name: 'unknown', via: guard.via }, 'enter', code);
      throw error;
    }
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { guard, onTrouble = () => {} } = this.#options;
    const last = this.#connections.refuses(request.socket);
    const cors = guard.cors(request);
    let answer: Answer;
    try {
      if (request.method === 'OPTIONS' && Object.keys(cors).length > 0 && !last) {
        answer = { status: 204, type: 'text/plain', body: '' };
      } else {
        const principal = this.#admit(request);
        answer = await answerCall(this.#calls, principal, request);
      }
    } catch (error) {
      if (!isVivariumError(error)) onTrouble(`${request.method} ${request.url}`, error);
      answer = problemAnswer(error);
    }
    this.#counts.add(countedAs(request), outcomeOf(answer.status));
    if (response.destroyed) return;
    const headers = { ...answer.headers, ...cors };
    send(request, response, { ...answer, headers }, { time: this.#limits.answerTime, last });
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { control, onTrouble = () => {} } = this.#options;
    try {
      const principal = this.#admit(request);
      const { pathname } = targetOf(request);
      const found = route('GET', pathname);
      if (typeof found !== 'object') {
        // Notes and throws that there is none.
        control.open(principal, `GET ${pathname}`, undefined, { bytes: () => true, note: () => true, end: () => {} });
        return;
      }
      const { name, operation, parts } = found;
      if (operation.kind !== 'stream') throw errors.make('VIV_DAEMON_UPGRADE', `${name} is no stream`);
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        const stream: StreamSocket = new StreamSocket(
          opened,
          {
            operation,
            open: (rest, peer) => control.open(principal, name, { ...rest, ...parts }, peer),
            over: (problem) => {
              this.#streams.delete(stream);
              this.#counts.add(name, outcomeOf(problem?.status ?? 200));
            },
          },
          this.#limits,
        );
        this.#streams.add(stream);
      });
    } catch (error) {
      if (!isVivariumError(error)) onTrouble(`${request.method} ${request.url}`, error);
      const answer = problemAnswer(error);
      this.#counts.add(countedAs(request), outcomeOf(answer.status));
      sendRaw(socket, answer, this.#limits.answerTime);
    }
  };

  /** What the parser of HTTP refuses, or what did not come in time. */
  readonly #malformed = (error: Error & { readonly code?: string }, socket: Duplex): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    const large = error.code === 'HPE_HEADER_OVERFLOW';
    const problem = late
      ? errors.make('VIV_DAEMON_TIMEOUT', 'the request did not come to its end in time')
      : errors.make('VIV_DAEMON_REQUEST', large ? `the header has more than ${MOST_HEADER} bytes` : 'this is no HTTP');
    this.#counts.add('none', 'refused');
    sendRaw(socket, problemAnswer(problem), this.#limits.answerTime);
  };

  get #calls() {
    const { control, version = '', connections = () => ({ [this.#options.guard.via]: this.open }) } = this.#options;
    return { control, counts: this.#counts, version, bodyBytes: this.#limits.body, connections };
  }
}
