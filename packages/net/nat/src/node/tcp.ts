import { createServer, type Socket, connect } from 'node:net';
import type { HostFailure, HostListener, HostTcpEvents, HostTcpSocket } from '../host/host-network.ts';

const FAILURES: Readonly<Record<string, HostFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
};

const failureOf = (error: Error): HostFailure => FAILURES[(error as NodeJS.ErrnoException).code ?? ''] ?? 'other';

/** Bytes that are kept together before the kernel gets them. */
const BATCH = 32_768;

/** A socket of Node as the translator wants it. */
class NodeTcpSocket implements HostTcpSocket {
  readonly #socket: Socket;
  readonly #events: HostTcpEvents;
  /** Nothing more is to be told. */
  #done = false;
  /** Bytes that were written since the event loop was last here, and those of them that wait for each other. */
  #written = 0;
  #corked = 0;

  constructor(socket: Socket, events: HostTcpEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on('connect', () => this.#tell(() => events.connected()));
    socket.on('data', (bytes: Uint8Array) => this.#tell(() => events.data(bytes)));
    socket.on('end', () => this.#tell(() => events.ended()));
    socket.on('error', (error) => this.#finish(() => events.failed(failureOf(error))));
    socket.on('close', () => this.#finish(() => events.closed()));
  }

  get pending(): number {
    return this.#socket.writableLength;
  }

  /**
   * The first bytes go out at once; what follows while a guest runs on (one call of the kernel for each small segment
   * would take most of the time) goes out together.
   */
  write(bytes: Uint8Array): void {
    if (this.#done) return;
    if (this.#written === 0) process.nextTick(this.#flush);
    else if (this.#corked === 0) this.#socket.cork();
    if (this.#written > 0) this.#corked += bytes.length;
    this.#written += bytes.length;
    this.#socket.write(bytes, this.#drained);
    if (this.#corked < BATCH) return;
    this.#corked = 0;
    this.#socket.uncork();
  }

  end(): void {
    if (!this.#done) this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  reset(): void {
    this.#done = true;
    this.#socket.resetAndDestroy();
  }

  readonly #flush = (): void => {
    this.#written = 0;
    if (this.#corked === 0) return;
    this.#corked = 0;
    this.#socket.uncork();
  };

  readonly #drained = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#tell(() => this.#events.drained());
  };

  #tell(act: () => void): void {
    if (!this.#done) act();
  }

  #finish(act: () => void): void {
    if (this.#done) return;
    this.#done = true;
    act();
  }
}

/** A socket that is reset may still fail, and nobody is there to hear it. */
const ignoreErrors = (socket: Socket): Socket => socket.on('error', () => {});

export const tcpConnect = (host: string, port: number, events: HostTcpEvents): HostTcpSocket =>
  new NodeTcpSocket(ignoreErrors(connect({ host, port, allowHalfOpen: true })), events);

export const tcpListen = (
  host: string,
  port: number,
  accept: (take: (events: HostTcpEvents) => HostTcpSocket) => void,
): Promise<HostListener> =>
  new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      let taken = false;
      ignoreErrors(socket);
      accept((events) => {
        taken = true;
        return new NodeTcpSocket(socket, events);
      });
      if (!taken) socket.resetAndDestroy();
    });
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      // Accepting may fail for want of descriptors; the server goes on.
      server.on('error', () => {});
      const address = server.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : port;
      resolve({ port: chosen, close: () => void server.close() });
    });
  });
