import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NetBackend } from '@vivarium/contracts';
import type { TrafficCounters } from '@vivarium/net-link';
import { ETHERNET_HEADER, VLAN_TAG } from '@vivarium/net-packet';
import { type WebSocket, WebSocketServer } from 'ws';
import { errors } from '../errors.ts';
import { SUBPROTOCOL } from '../subprotocol.ts';
import { type AdmissionRules, admission, type Refusal } from './admission.ts';
import { type ClientLimits, RelayClient, type RelayDrop } from './relay-client.ts';

/** A client's place in the network. */
export interface RelayPlace {
  /** A port of a switch, or a backend for this client alone. */
  readonly backend: NetBackend;
  /** The client is gone. */
  readonly leave: () => void;
}

/** What a relay is made of. */
export interface RelaySettings extends AdmissionRules, ClientLimits {
  /** Gives a client that was let in a place in the network. */
  readonly place: (request: IncomingMessage) => RelayPlace;
  /** Most clients at a time. */
  readonly clients: number;
  /** Milliseconds after which a client that gives no sign of life is gone. */
  readonly silence: number;
}

/** Where a relay listens. */
export interface RelayAddress {
  readonly host: string;
  readonly port: number;
}

/** Codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;

/** Tells who is not let in why, and hangs up. */
const refuse = (socket: Duplex, status: Refusal | 503): void => {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

/** Lets clients with the right token and origin into a network of the host, each over a WebSocket. */
export class Relay {
  readonly #settings: RelaySettings;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Map<WebSocket, RelayClient>();
  readonly #timer: ReturnType<typeof setInterval>;
  #server: Server | undefined;
  #opening = 0;
  #closed = false;

  constructor(settings: RelaySettings) {
    this.#settings = settings;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression costs memory for each client, and frames are mostly compressed or encrypted by who sends them.
      perMessageDeflate: false,
      maxPayload: settings.mtu + ETHERNET_HEADER + VLAN_TAG,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.#timer = setInterval(() => this.#check(), settings.silence / 2).unref();
  }

  /** What each client sent and was sent. */
  get clients(): readonly TrafficCounters<RelayDrop>[] {
    return [...this.#clients.values()].map(({ traffic }) => traffic.read());
  }

  /** Takes a request of an HTTP server that wants a WebSocket, as its `upgrade` event gives it. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const refusal = this.#closed ? 503 : admission(this.#settings, request);
    const full = this.#clients.size + this.#opening >= this.#settings.clients;
    if (refusal !== undefined || full) {
      refuse(socket, refusal ?? 503);
      return;
    }
    this.#opening += 1;
    const gone = (): void => {
      this.#opening -= 1;
    };
    socket.once('close', gone);
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      socket.off('close', gone);
      gone();
      this.#welcome(opened, request);
    });
  };

  /** Listens by itself. Rejects with `VIV_RELAY_LISTEN`. */
  async listen(host = '127.0.0.1', port = 0): Promise<RelayAddress> {
    const server = createServer((_request, response) => void response.writeHead(426, { Upgrade: 'websocket' }).end());
    server.on('upgrade', this.upgrade);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
    } catch (cause) {
      throw errors.make('VIV_RELAY_LISTEN', `the relay cannot listen on ${host}:${port}`, {
        cause,
        details: { host, port },
      });
    }
    this.#server = server;
    return { host, port: (server.address() as AddressInfo).port };
  }

  /** Lets nobody in any more, and everybody out. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const [socket, client] of this.#clients) {
      client.close(GOING_AWAY, 'the relay closes');
      this.#bye(socket);
    }
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #welcome(socket: WebSocket, request: IncomingMessage): void {
    const { backend, leave } = this.#settings.place(request);
    this.#clients.set(socket, new RelayClient(socket, backend, this.#settings));
    socket.once('close', () => {
      this.#bye(socket);
      leave();
    });
  }

  #bye(socket: WebSocket): void {
    this.#clients.get(socket)?.forget();
    this.#clients.delete(socket);
  }

  #check(): void {
    for (const client of this.#clients.values()) client.check();
  }
}
