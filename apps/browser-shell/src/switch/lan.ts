import { type CableEnd, createCableEnd } from '@vivarium/net-cable';
import { createSwitch, type SwitchPort } from '@vivarium/net-switch';
import { createUplink, type WebSocketUplink } from '@vivarium/net-websocket';
import { errors } from '../errors.ts';
import { problemOf } from '../problem.ts';
import {
  MOST_SEATS,
  type SeatStatus,
  type SwitchCommand,
  type SwitchReport,
  seatName,
  type UplinkAddress,
  type UplinkStatus,
} from './protocol.ts';

/** As much of a page's port as is used; a test has one of its own. */
export interface PagePort {
  postMessage(report: SwitchReport, transfer: MessagePort[]): void;
}

/** Milliseconds between two looks at the counters. */
const LOOK = 1000;

interface Seat {
  readonly owner: PagePort;
  readonly cable: CableEnd;
  readonly port: SwitchPort;
  /** The page has not pulled the cable. */
  plugged: boolean;
}

const total = (drops: Readonly<Record<string, number | undefined>>): number =>
  Object.values(drops).reduce<number>((sum, count) => sum + (count ?? 0), 0);

/** The switch, and who is plugged in. */
export class Lan {
  readonly #switch = createSwitch();
  readonly #pages = new Set<PagePort>();
  readonly #seats = new Map<number, Seat>();
  readonly #told = new Map<PagePort, string>();
  #uplink: { readonly backend: WebSocketUplink; readonly port: SwitchPort } | undefined;
  #uplinkStatus: UplinkStatus = { state: 'off' };

  constructor() {
    const timer: unknown = setInterval(() => this.#tell(), LOOK);
    // Node's timers are objects, and would keep a test alive.
    if (typeof timer === 'object') (timer as { unref(): void }).unref();
  }

  /** A page has come. */
  join(page: PagePort): void {
    this.#pages.add(page);
    this.#tell();
  }

  obey(page: PagePort, command: SwitchCommand): void {
    switch (command.kind) {
      case 'plug':
        this.#plug(page, command.request);
        break;
      case 'unplug':
        if (this.#own(page, command.number)) this.#remove(command.number);
        break;
      case 'link': {
        const seat = this.#own(page, command.number);
        if (seat !== undefined) seat.plugged = command.up;
        seat?.cable.setLink(command.up);
        break;
      }
      case 'uplink':
        this.#setUplink(command.to);
        break;
      case 'leave':
        this.leave(page);
    }
    this.#tell();
  }

  /** A page has gone, and its machines with it. */
  leave(page: PagePort): void {
    for (const [number, { owner }] of this.#seats) if (owner === page) this.#remove(number);
    this.#pages.delete(page);
    this.#told.delete(page);
  }

  #setUplink(to: UplinkAddress | undefined): void {
    if (this.#uplink !== undefined) {
      this.#uplink.backend.close();
      this.#switch.remove(this.#uplink.port);
    }
    this.#uplink = undefined;
    this.#uplinkStatus = { state: 'off' };
    if (to === undefined) return;
    const backend = createUplink(to);
    this.#uplink = { backend, port: this.#switch.uplink(backend) };
    this.#uplinkStatus = { state: 'connecting' };
    backend.onState((state, error) => {
      if (this.#uplink?.backend !== backend || state === 'closed') return;
      this.#uplinkStatus = { state, ...(error === undefined ? {} : { problem: problemOf(error) }) };
      this.#tell();
    });
  }

  #own(page: PagePort, number: number): Seat | undefined {
    const seat = this.#seats.get(number);
    return seat?.owner === page ? seat : undefined;
  }

  #plug(page: PagePort, request: number): void {
    const number = this.#freeNumber();
    if (number === undefined) {
      const problem = problemOf(errors.make('VIV_SHELL_SWITCH', `all ${MOST_SEATS} ports of the switch are taken`));
      page.postMessage({ kind: 'refused', request, problem }, []);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    const cable = createCableEnd({ channel: port1 });
    const port = this.#switch.uplink(cable, { name: seatName(number) });
    port.setLink(false);
    cable.onLink((up) => {
      port.setLink(up);
      if (cable.closed) this.#remove(number);
      this.#tell();
    });
    this.#seats.set(number, { owner: page, cable, port, plugged: true });
    page.postMessage({ kind: 'plugged', request, number, channel: port2 }, [port2]);
  }

  /** The lowest that is free; when none is, that of a machine which is not there any more. */
  #freeNumber(): number | undefined {
    const numbers = Array.from({ length: MOST_SEATS }, (_, index) => index + 1);
    const free = numbers.find((number) => !this.#seats.has(number));
    if (free !== undefined) return free;
    const dead = numbers.find((number) => {
      const seat = this.#seats.get(number);
      return seat?.plugged === true && !seat.cable.linkUp;
    });
    if (dead !== undefined) this.#remove(dead);
    return dead;
  }

  #remove(number: number): void {
    const seat = this.#seats.get(number);
    if (seat === undefined) return;
    this.#seats.delete(number);
    seat.cable.close();
    this.#switch.remove(seat.port);
  }

  #status(page: PagePort): readonly SeatStatus[] {
    return [...this.#seats]
      .sort(([one], [other]) => one - other)
      .map(([number, { owner, cable, port }]) => {
        const { counters } = cable;
        return {
          number,
          own: owner === page,
          up: cable.linkUp,
          // What comes out of the cable is what the machine sent.
          sent: counters.receivedFrames,
          received: counters.sentFrames,
          dropped: total(counters.receiveDrops) + total(port.counters.receiveDrops),
        };
      });
  }

  /** Tells each page how things are, when that is not what it was told last. */
  #tell(): void {
    for (const page of this.#pages) {
      const status = { seats: this.#status(page), uplink: this.#uplinkStatus };
      const text = JSON.stringify(status);
      if (this.#told.get(page) === text) continue;
      this.#told.set(page, text);
      page.postMessage({ kind: 'status', status }, []);
    }
  }
}
