import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { FrameOutlet, frameProblem, type QueueLimits, readOffload, Traffic } from '@vivarium/net-link';
import { concatenate } from '@vivarium/net-packet';
import type { CableChannel } from './channel.ts';
import type { CableCounters, DropReason } from './counters.ts';
import type { Repeat } from './host-timer.ts';
import { type CableMessage, frameOfMessage, readMessage, VERSION } from './messages.ts';
import { SendWindow } from './send-window.ts';

/** What an end of a cable is made of. */
export interface CableSettings {
  readonly channel: CableChannel;
  readonly mtu: number;
  /** Frames that wait for the device, and so how many may be on their way to it. */
  readonly queue: QueueLimits;
  /** Milliseconds between signs of life; after three without one from the other end the link is down. */
  readonly keepAlive: number;
  readonly repeat: Repeat;
}

/** In every platform, but not in the language's own library. */
declare const crypto: { getRandomValues(array: Uint32Array): Uint32Array };

/** Signs of life that may be missed. */
const MISSED = 3;
/** Breaches of the protocol after which the channel is closed: the other end is broken, or means harm. */
const MOST_BREACHES = 1000;

/** The other end, once it has said hello. */
interface Peer {
  readonly session: number;
  readonly window: SendWindow;
  up: boolean;
}

/**
 * One end of a cable: the backend of a device on this side of a channel. What a device sends waits in the guest while
 * the other end has a window of it untaken; nothing is lost for want of room. Messages of the other end are checked as
 * if it were hostile, and its memory here is bounded by the window.
 */
export class CableEnd implements NetBackend {
  /** The other end finishes them, as far as its device does not. */
  readonly accepts: NetOffloads = { checksum: true, tcp4: true, tcp6: true };
  readonly mtu: number;
  readonly #settings: CableSettings;
  readonly #outlet: FrameOutlet;
  readonly #session = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  readonly #traffic = new Traffic<DropReason>();
  readonly #stopTimer: () => void;
  readonly #linkListeners = new Set<(up: boolean) => void>();
  #peer: Peer | undefined;
  #ownUp = true;
  #wasUp = false;
  #closed = false;
  /** Times that the timer expired since the other end was last heard. */
  #silence = 0;
  #owed = { frames: 0, bytes: 0 };
  #malformed = 0;
  #breaches = 0;

  constructor(settings: CableSettings) {
    this.#settings = settings;
    this.mtu = settings.mtu;
    this.#outlet = new FrameOutlet({
      limits: settings.queue,
      left: (bytes) => this.#owe(bytes),
      dropped: (reason, count) => {
        this.#traffic.receiveDrops.add(reason, count);
        // An end that keeps to the window never fills the queue.
        if (reason === 'queue') this.#breach();
      },
    });
    const { channel } = settings;
    channel.addEventListener('message', this.#hear);
    channel.addEventListener('messageerror', this.#unreadable);
    channel.addEventListener('close', this.#gone);
    channel.start?.();
    this.#stopTimer = settings.repeat(() => this.#tick(), settings.keepAlive);
    this.#hello();
  }

  /** The other end is there, and neither has its link down. */
  get linkUp(): boolean {
    return !this.#closed && this.#ownUp && this.#peer?.up === true && this.#silence <= MISSED;
  }

  /** The channel is closed: by this end, by the other, or because the other broke the rules too often. */
  get closed(): boolean {
    return this.#closed;
  }

  get counters(): CableCounters {
    return { ...this.#traffic.read(), malformed: this.#malformed };
  }

  /** Calls `listener` when the link goes up or down. Returns its removal. */
  onLink(listener: (up: boolean) => void): () => void {
    this.#linkListeners.add(listener);
    return () => void this.#linkListeners.delete(listener);
  }

  /** Takes this side of the link down, or up again; both devices see it. */
  setLink(up: boolean): void {
    if (up === this.#ownUp) return;
    this.#ownUp = up;
    this.#post({ kind: 'link', up });
    this.#linkChanged();
  }

  connect(handlers: NetHandlers): void {
    this.#outlet.connect(handlers);
  }

  /** Takes the device off. */
  unplug(): void {
    this.#outlet.connect(undefined);
  }

  send(frame: NetFrame): boolean {
    const offload = readOffload(frame.offload, frame.length);
    const problem = offload === 'nonsense' ? 'offload' : frameProblem(frame, this.mtu);
    if (problem !== undefined || offload === 'nonsense') {
      this.#traffic.sendDrops.add(problem ?? 'offload');
      return true;
    }
    const window = this.#peer?.window;
    if (!this.linkUp || window === undefined) {
      this.#traffic.sendDrops.add('link');
      return true;
    }
    if (!window.hasRoom(frame.length)) return this.#outlet.refuse();
    // A copy, which the other end is given.
    const bytes = new Uint8Array(concatenate(frame.pieces).buffer as ArrayBuffer);
    if (!this.#post({ kind: 'frame', bytes, ...(offload === undefined ? {} : { offload }) }, [bytes.buffer])) {
      this.#traffic.sendDrops.add('channel');
      return true;
    }
    window.sent(frame.length);
    this.#traffic.sent(frame.length);
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

  /** Says goodbye and closes the channel. */
  close(): void {
    if (this.#closed) return;
    this.#post({ kind: 'bye' });
    this.#gone();
  }

  readonly #hear = ({ data }: { readonly data?: unknown }): void => {
    if (this.#closed) return;
    const message = readMessage(data);
    if (message === undefined) {
      this.#unreadable();
      return;
    }
    this.#silence = 0;
    this.#obey(message);
    this.#linkChanged();
  };

  readonly #unreadable = (): void => {
    this.#malformed += 1;
    this.#breach();
  };

  readonly #gone = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#peer = undefined;
    this.#stopTimer();
    const { channel } = this.#settings;
    channel.removeEventListener('message', this.#hear);
    channel.removeEventListener('messageerror', this.#unreadable);
    channel.removeEventListener('close', this.#gone);
    channel.close?.();
    this.#linkChanged();
  };

  #obey(message: CableMessage): void {
    switch (message.kind) {
      case 'hello':
        this.#meet(message);
        return;
      case 'frame':
        this.#receive(message);
        return;
      case 'taken':
        this.#taken(message.frames, message.bytes);
        return;
      case 'link':
        if (this.#peer !== undefined) this.#peer.up = message.up;
        return;
      case 'bye':
        this.#gone();
        return;
      case 'alive':
        // It does not know us when it began before us.
        if (this.#peer === undefined) this.#hello();
    }
  }

  #meet({ session, window, up }: CableMessage & { readonly kind: 'hello' }): void {
    if (this.#peer?.session === session) {
      this.#peer.up = up;
      return;
    }
    // What waits is from the life before, and nobody waits for it to be taken.
    this.#peer = undefined;
    this.#outlet.flush();
    this.#owed = { frames: 0, bytes: 0 };
    this.#peer = { session, window: new SendWindow(window), up };
    this.#hello();
    this.#outlet.drained();
  }

  #receive(message: CableMessage & { readonly kind: 'frame' }): void {
    if (this.#peer === undefined) {
      this.#traffic.receiveDrops.add('link');
      return;
    }
    const frame = frameOfMessage(message);
    this.#traffic.received(frame.length);
    const problem = this.#ownUp ? frameProblem(frame, this.mtu) : 'link';
    if (problem === undefined) {
      this.#outlet.deliver(frame);
      return;
    }
    this.#traffic.receiveDrops.add(problem);
    this.#owe(frame.length);
  }

  #taken(frames: number, bytes: number): void {
    const window = this.#peer?.window;
    if (window?.taken(frames, bytes) !== true) {
      this.#unreadable();
      return;
    }
    this.#outlet.drained();
  }

  /** A frame has left the queue. The other end is told of many at once, long before it would have to wait. */
  #owe(bytes: number): void {
    this.#owed.frames += 1;
    this.#owed.bytes += bytes;
    const { queue } = this.#settings;
    if (this.#owed.frames >= queue.frames / 4 || this.#owed.bytes >= queue.bytes / 4) this.#payBack();
  }

  #payBack(): void {
    if (this.#owed.frames === 0 || this.#peer === undefined) return;
    this.#post({ kind: 'taken', ...this.#owed });
    this.#owed = { frames: 0, bytes: 0 };
  }

  #tick(): void {
    this.#silence += 1;
    this.#payBack();
    this.#post({ kind: 'alive' });
    this.#linkChanged();
  }

  #linkChanged(): void {
    const up = this.linkUp;
    if (up === this.#wasUp) return;
    this.#wasUp = up;
    if (!up) this.#outlet.flush();
    this.#outlet.linkChanged(up);
    for (const listener of this.#linkListeners) listener(up);
    // What was refused before would be dropped now: the device need not hold it.
    this.#outlet.drained();
  }

  #hello(): void {
    const { queue } = this.#settings;
    this.#post({ kind: 'hello', version: VERSION, session: this.#session, window: queue, up: this.#ownUp });
  }

  #breach(): void {
    this.#breaches += 1;
    if (this.#breaches >= MOST_BREACHES) this.close();
  }

  /** False when the channel does not take it. */
  #post(message: CableMessage, transfer: ArrayBuffer[] = []): boolean {
    if (this.#closed) return false;
    try {
      this.#settings.channel.postMessage(message, transfer);
      return true;
    } catch {
      return false;
    }
  }
}
