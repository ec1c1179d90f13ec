import type { DnsRecord } from '@vivarium/net-packet';
import type { HostNetwork, HostTcpEvents, HostTcpSocket, HostUdpEvents } from '@vivarium/net-nat';
import type { Choices } from '../../engine/choices.ts';

/** A socket whose other end the program plays. */
class Socket implements HostTcpSocket {
  readonly events: HostTcpEvents;
  pending = 0;
  takes = true;
  paused = false;
  over = false;

  constructor(events: HostTcpEvents) {
    this.events = events;
  }

  write(bytes: Uint8Array): void {
    if (!this.takes) this.pending += bytes.length;
  }
  end(): void {}
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  reset(): void {
    this.over = true;
  }
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly done: (answer: { readonly code: number; readonly records: readonly DnsRecord[] }) => void;
}

/** A network of the host where things happen when the program says so. */
export class ProgrammedHost implements HostNetwork {
  readonly sockets: Socket[] = [];
  readonly udp: { readonly events: HostUdpEvents; closed: boolean }[] = [];
  readonly #questions: Question[] = [];
  readonly #pings: ((answered: boolean) => void)[] = [];
  readonly #accepts: ((take: (events: HostTcpEvents) => HostTcpSocket) => void)[] = [];

  get open(): number {
    return this.sockets.filter(({ over }) => !over).length;
  }

  tcpConnect(_address: string, _port: number, events: HostTcpEvents): HostTcpSocket {
    const socket = new Socket(events);
    this.sockets.push(socket);
    return socket;
  }

  tcpListen(_address: string, port: number, accept: (take: (events: HostTcpEvents) => HostTcpSocket) => void) {
    this.#accepts.push(accept);
    return Promise.resolve({ port, close: () => {} });
  }

  udpSocket(events: HostUdpEvents) {
    const socket = { events, closed: false };
    this.udp.push(socket);
    return { send: () => {}, close: () => void (socket.closed = true) };
  }

  udpListen(_address: string, port: number, events: HostUdpEvents) {
    return Promise.resolve({ ...this.udpSocket(events), port });
  }

  resolve(name: string, type: number, done: Question['done']): void {
    this.#questions.push({ name, type, done });
  }

  ping(_address: string, done: (answered: boolean) => void): void {
    this.#pings.push(done);
  }

  /** Something happens on the host's side. */
  act(choices: Choices): void {
    const what = choices.below(10);
    const alive = this.sockets.filter(({ over }) => !over);
    const socket = alive[Math.max(0, alive.length - 1 - choices.below(8))];
    if (what === 8) {
      const question = this.#questions.shift();
      const { name = '', type = 1 } = question ?? {};
      const data = choices.bytes(choices.pick([4, 16, 0, 300]));
      const count = choices.pick([1, 0, 3, 100]);
      question?.done({
        code: choices.pick([0, 3, 2, 15]),
        records: Array.from({ length: count }, () => ({ name, type, class: 1, ttl: choices.u16(), data })),
      });
    } else if (what === 9) {
      const open = this.udp.filter(({ closed }) => !closed);
      const one = open[choices.below(Math.max(1, open.length))];
      this.#pings.shift()?.(choices.rarely(2));
      one?.events.message(
        choices.bytes(choices.size(70_000)),
        choices.pick(['8.8.8.8', '127.0.0.1', '::1', 'nonsense']),
        choices.u16(),
      );
    } else if (what === 7) {
      this.#accepts[0]?.((events) => this.tcpConnect('', 0, events));
    } else if (socket !== undefined) tell(socket, what, choices);
  }
}

const tell = (socket: Socket, what: number, choices: Choices): void => {
  if (what === 0) socket.events.connected();
  else if (what < 4) {
    if (!socket.paused) socket.events.data(choices.bytes(choices.size(30_000)));
  } else if (what === 4) socket.events.ended();
  else if (what === 5) {
    socket.takes = !socket.takes;
    socket.pending = 0;
    socket.events.drained();
  } else {
    socket.over = true;
    if (choices.rarely(2)) socket.events.closed();
    else socket.events.failed(choices.pick(['reset', 'refused', 'unreachable', 'timeout', 'other']));
  }
};
