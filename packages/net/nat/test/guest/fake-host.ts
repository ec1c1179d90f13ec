import type { DnsRecord } from '@vivarium/net-packet';
import type { HostNetwork, HostTcpEvents, HostTcpSocket, HostUdpEvents } from '../../src/index.ts';

/** A socket of the host that the test plays the other end of. */
export class FakeSocket implements HostTcpSocket {
  readonly address: string;
  readonly port: number;
  readonly events: HostTcpEvents;
  written: Uint8Array[] = [];
  /** Bytes that the test has not taken. */
  pending = 0;
  takes = true;
  isPaused = false;
  ended = false;
  isReset = false;

  constructor(address: string, port: number, events: HostTcpEvents) {
    this.address = address;
    this.port = port;
    this.events = events;
  }

  get bytes(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array): void {
    this.written.push(bytes.slice());
    if (!this.takes) this.pending += bytes.length;
  }
  end(): void {
    this.ended = true;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  reset(): void {
    this.isReset = true;
  }
}

/** A network of the host in memory: nothing answers unless the test does. */
export class FakeHost implements HostNetwork {
  readonly sockets: FakeSocket[] = [];
  readonly datagrams: {
    readonly bytes: Uint8Array;
    readonly address: string;
    readonly port: number;
    readonly socket: number;
  }[] = [];
  readonly udp: { readonly events: HostUdpEvents; closed: boolean }[] = [];
  readonly questions: {
    readonly name: string;
    readonly type: number;
    readonly done: (answer: { code: number; records: readonly DnsRecord[] }) => void;
  }[] = [];
  readonly listeners: {
    readonly address: string;
    readonly port: number;
    readonly accept: (take: (events: HostTcpEvents) => HostTcpSocket) => void;
    closed: boolean;
  }[] = [];
  readonly pings: { readonly address: string; readonly done: (answered: boolean) => void }[] = [];
  /** Records of names that are answered at once. */
  readonly names = new Map<string, readonly DnsRecord[]>();

  tcpConnect(address: string, port: number, events: HostTcpEvents): FakeSocket {
    const socket = new FakeSocket(address, port, events);
    this.sockets.push(socket);
    return socket;
  }

  async tcpListen(address: string, port: number, accept: (take: (events: HostTcpEvents) => HostTcpSocket) => void) {
    const listener = { address, port: port || 45_000 + this.listeners.length, accept, closed: false };
    this.listeners.push(listener);
    return { port: listener.port, close: () => void (listener.closed = true) };
  }

  udpSocket(events: HostUdpEvents) {
    const socket = { events, closed: false };
    const index = this.udp.push(socket) - 1;
    return {
      send: (bytes: Uint8Array, address: string, port: number) =>
        void this.datagrams.push({ bytes, address, port, socket: index }),
      close: () => void (socket.closed = true),
    };
  }

  async udpListen(_address: string, port: number, events: HostUdpEvents) {
    return { ...this.udpSocket(events), port: port || 46_000 };
  }

  resolve(name: string, type: number, done: (answer: { code: number; records: readonly DnsRecord[] }) => void): void {
    const records = this.names.get(name);
    if (records === undefined) this.questions.push({ name, type, done });
    else done({ code: 0, records });
  }

  ping(address: string, done: (answered: boolean) => void): void {
    this.pings.push({ address, done });
  }
}
