import { VivariumError } from '@vivarium/contracts';
import { problemOf } from '../problem.ts';
import type { NetworkSeat, Problem } from '../protocol.ts';
import {
  type SwitchCommand,
  type SwitchReport,
  type SwitchStatus,
  seatMac,
  seatWords,
  type UplinkAddress,
} from '../switch/protocol.ts';
import { errors } from '../errors.ts';

/** What the page does with what it hears of the switch. */
export interface LanListener {
  status(status: SwitchStatus): void;
  /** The worker with the switch does not run. */
  failed(problem: Problem): void;
}

/** A place on the switch. */
export interface Seat {
  readonly number: number;
  readonly network: NetworkSeat;
}

/** The page's way to the worker with the switch. */
export interface SwitchConnection {
  readonly port: MessagePort;
  /** All tabs of the origin have it together. */
  readonly shared: boolean;
  readonly onFailure: (failed: () => void) => void;
}

const NAME = 'vivarium-switch';

/** A shared worker, or, where the browser has none, one of this page alone. */
const startSwitch = (): SwitchConnection => {
  if (typeof SharedWorker === 'function') {
    const worker = new SharedWorker(new URL('../switch/main.ts', import.meta.url), { type: 'module', name: NAME });
    return { port: worker.port, shared: true, onFailure: (failed) => worker.addEventListener('error', failed) };
  }
  const worker = new Worker(new URL('../switch/main.ts', import.meta.url), { type: 'module', name: NAME });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(undefined, [port2]);
  return { port: port1, shared: false, onFailure: (failed) => worker.addEventListener('error', failed) };
};

/** The page's side of the switch's protocol. */
export class LanClient {
  /** Machines of other tabs are on the switch, too. */
  readonly shared: boolean;
  readonly #port: MessagePort;
  readonly #listener: LanListener;
  readonly #waiting = new Map<
    number,
    { readonly done: (seat: Seat) => void; readonly failed: (error: Error) => void }
  >();
  #requests = 0;

  constructor(listener: LanListener, start: () => SwitchConnection = startSwitch) {
    this.#listener = listener;
    const { port, shared, onFailure } = start();
    this.#port = port;
    this.shared = shared;
    port.addEventListener('message', ({ data }: MessageEvent<SwitchReport>) => this.#hear(data));
    // Where browsers tell that the other end is gone.
    port.addEventListener('close', () => this.#fail('has ended; load the page again'));
    port.start();
    onFailure(() => this.#fail('could not be started'));
  }

  /** A place on the switch. Rejects with the switch's error. */
  plug(): Promise<Seat> {
    this.#requests += 1;
    const request = this.#requests;
    return new Promise((done, failed) => {
      this.#waiting.set(request, { done, failed });
      this.#post({ kind: 'plug', request });
    });
  }

  unplug(number: number): void {
    this.#post({ kind: 'unplug', number });
  }

  setLink(number: number, up: boolean): void {
    this.#post({ kind: 'link', number, up });
  }

  /** Connects the switch with the host's network, or takes it off. */
  setUplink(to: UplinkAddress | undefined): void {
    this.#post({ kind: 'uplink', to });
  }

  /** The page closes. */
  leave(): void {
    this.#post({ kind: 'leave' });
  }

  #hear(report: SwitchReport): void {
    if (report.kind === 'status') {
      this.#listener.status(report.status);
      return;
    }
    const waiting = this.#waiting.get(report.request);
    this.#waiting.delete(report.request);
    if (report.kind === 'plugged') {
      const { number, channel } = report;
      waiting?.done({ number, network: { channel, mac: seatMac(number), words: seatWords(number) } });
    } else {
      const { code, message, hint } = report.problem;
      waiting?.failed(new VivariumError(code, message, hint === undefined ? {} : { hint }));
    }
  }

  #fail(what: string): void {
    const error = errors.make('VIV_SHELL_SWITCH', `the worker with the switch ${what}`);
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
    this.#listener.failed(problemOf(error));
  }

  #post(command: SwitchCommand): void {
    this.#port.postMessage(command, []);
  }
}
