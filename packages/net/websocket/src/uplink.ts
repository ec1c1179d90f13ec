import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import {
  FrameOutlet,
  type FrameProblem,
  frameProblem,
  type OutletDrop,
  type QueueLimits,
  Traffic,
  type TrafficCounters,
} from '@vivarium/net-link';
import { concatenate, finishFrame, frameOf } from '@vivarium/net-packet';
import { errors } from './errors.ts';
import type { Later, OpenSocket, Socket, SocketEvent } from './socket.ts';
import { SUBPROTOCOL, TOKEN_PREFIX } from './subprotocol.ts';

/** What an uplink is made of. */
export interface UplinkSettings {
  readonly url: string;
  readonly token?: string | undefined;
  readonly mtu: number;
  /** Frames that wait for the device. */
  readonly queue: QueueLimits;
  /** Bytes that wait in the socket before a device that sends has to wait. */
  readonly buffer: number;
  /** Milliseconds before a lost socket is opened again; doubled each time, up to `longest`. */
  readonly backOff: { readonly first: number; readonly longest: number };
  readonly open: OpenSocket;
  readonly later: Later;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** Why a frame went no further. */
export type DropReason =
  | FrameProblem
  | OutletDrop
  /** There is no connection. */
  | 'link'
  /** A message of the relay that is no frame. */
  | 'malformed';

/** `waiting`: it was lost, or could not be opened, and is opened again after a while. */
export type UplinkState = 'connecting' | 'open' | 'waiting' | 'closed';

/** Told of each change; `error` says why an uplink waits. */
export type UplinkListener = (state: UplinkState, error?: Error) => void;

/** Milliseconds between two looks at a socket that has too much to send: nothing tells when that is less. */
const LOOK = 5;

/** The way out of a page: Ethernet frames over a WebSocket, one in each binary message. */
export class WebSocketUplink implements NetBackend {
  /** What is not finished is finished here: the network at the other end wants frames as they are on a wire. */
  readonly accepts: NetOffloads = { checksum: true, tcp4: true, tcp6: true };
  readonly mtu: number;
  readonly #settings: UplinkSettings;
  readonly #outlet: FrameOutlet;
  readonly #traffic = new Traffic<DropReason>();
  readonly #listeners = new Set<UplinkListener>();
  #socket: Socket | undefined;
  #state: UplinkState = 'connecting';
  /** Sockets lost since the relay last sent something. */
  #failures = 0;
  #cancelOpening = (): void => {};
  #cancelLook = (): void => {};

  constructor(settings: UplinkSettings) {
    this.#settings = settings;
    this.mtu = settings.mtu;
    this.#outlet = new FrameOutlet({
      limits: settings.queue,
      dropped: (reason, count) => this.#traffic.receiveDrops.add(reason, count),
    });
    this.#open();
  }

  get linkUp(): boolean {
    return this.#state === 'open';
  }

  get state(): UplinkState {
    return this.#state;
  }

  get counters(): TrafficCounters<DropReason> {
    return this.#traffic.read();
  }

  /** Calls `listener` at each change of the state. Returns its removal. */
  onState(listener: UplinkListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  connect(handlers: NetHandlers): void {
    this.#outlet.connect(handlers);
  }

  send(frame: NetFrame): boolean {
    const socket = this.#socket;
    const problem = frameProblem(frame, this.mtu) ?? (this.linkUp && socket !== undefined ? undefined : 'link');
    if (problem !== undefined || socket === undefined) {
      this.#traffic.sendDrops.add(problem ?? 'link');
      return true;
    }
    if (socket.bufferedAmount > this.#settings.buffer) {
      this.#look(socket);
      return this.#outlet.refuse();
    }
    const finished = finishFrame(frame);
    if (finished.length === 0) this.#traffic.sendDrops.add('offload');
    for (const one of finished) {
      // A segment may ask to be cut into pieces that are too long, too.
      if (frameProblem(one, this.mtu) !== undefined) this.#traffic.sendDrops.add('oversize');
      else this.#transmit(socket, one);
    }
    return true;
  }

  resume(): void {
    this.#outlet.resume();
  }

  /** Gives the device nothing until {@link release}: its machine is paused. */
  hold(): void {
    this.#outlet.hold();
  }

  release(): void {
    this.#outlet.release();
  }

  /** Forgets what waits for the device, as a reset of it does. */
  flush(): void {
    this.#outlet.reset();
  }

  /** Closes the socket for good. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#cancelOpening();
    this.#cancelLook();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#enter('closed');
    socket?.close();
  }

  #transmit(socket: Socket, frame: NetFrame): void {
    try {
      socket.send(concatenate(frame.pieces) as Uint8Array<ArrayBuffer>);
      this.#traffic.sent(frame.length);
    } catch {
      this.#traffic.sendDrops.add('link');
    }
  }

  #open(): void {
    const { url, token, open } = this.#settings;
    const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, TOKEN_PREFIX + token];
    let socket: Socket;
    try {
      socket = open(url, protocols);
    } catch (cause) {
      this.#lost(errors.make('VIV_UPLINK_LOST', `${url} cannot be opened`, { cause, details: { url } }));
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const mine = (act: (event: SocketEvent) => void) => (event: SocketEvent) => {
      if (this.#socket === socket) act(event);
    };
    socket.addEventListener(
      'open',
      mine(() => this.#enter('open')),
    );
    socket.addEventListener(
      'message',
      mine(({ data }) => this.#receive(data)),
    );
    socket.addEventListener(
      'close',
      mine(({ code, reason }) => this.#closed(code, reason)),
    );
    // A `close` follows; without a listener, Node would say that nobody handles it.
    socket.addEventListener('error', () => {});
  }

  #closed(code = 1006, reason = ''): void {
    const { url } = this.#settings;
    const what = this.#state === 'open' ? 'was closed' : 'cannot be opened';
    const why = reason === '' ? `code ${code}` : `code ${code}: ${reason}`;
    this.#lost(errors.make('VIV_UPLINK_LOST', `${url} ${what} (${why})`, { details: { url, code } }));
  }

  #lost(error: Error): void {
    const { backOff, later, random } = this.#settings;
    this.#socket = undefined;
    const pause = Math.min(backOff.first * 2 ** this.#failures, backOff.longest);
    this.#failures += 1;
    // Not all at the same moment, when a relay comes back that many have lost.
    this.#cancelOpening = later(
      () => {
        this.#enter('connecting');
        this.#open();
      },
      pause * (0.5 + random() / 2),
    );
    this.#enter('waiting', error);
  }

  #receive(data: unknown): void {
    this.#failures = 0;
    if (!(data instanceof ArrayBuffer)) {
      this.#traffic.receiveDrops.add('malformed');
      return;
    }
    const frame = frameOf(new Uint8Array(data));
    const problem = frameProblem(frame, this.mtu);
    if (problem !== undefined) {
      this.#traffic.receiveDrops.add(problem);
      return;
    }
    this.#traffic.received(frame.length);
    this.#outlet.deliver(frame);
  }

  /** Tells a device that was refused as soon as the socket has less to send. */
  #look(socket: Socket): void {
    this.#cancelLook();
    this.#cancelLook = this.#settings.later(() => {
      if (!this.#outlet.waits || this.#socket !== socket) return;
      if (socket.bufferedAmount > this.#settings.buffer / 2) this.#look(socket);
      else this.#outlet.drained();
    }, LOOK);
  }

  #enter(state: UplinkState, error?: Error): void {
    const wasUp = this.linkUp;
    this.#state = state;
    if (wasUp && !this.linkUp) this.#outlet.flush();
    if (wasUp !== this.linkUp) this.#outlet.linkChanged(this.linkUp);
    for (const listener of this.#listeners) listener(state, error);
    // What was refused would be dropped now: the device need not hold it.
    if (!this.linkUp) this.#outlet.drained();
  }
}
