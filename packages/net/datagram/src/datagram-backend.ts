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
import { concatenate, frameOf } from '@vivarium/net-packet';
import type { DatagramLink } from './datagram-link.ts';

/** What {@link DatagramBackend} is made of. */
export interface DatagramSettings {
  readonly link: DatagramLink;
  readonly mtu: number;
  /** What waits for the device. */
  readonly queue: QueueLimits;
  /** Bytes on their way out, above which the device waits. */
  readonly pending: number;
}

/** Why a frame went no further. */
export type DropReason = FrameProblem | OutletDrop;

/** What went through, from the device's point of view. */
export type DatagramCounters = TrafficCounters<DropReason>;

/** A network backend whose frames are datagrams of a link. */
export class DatagramBackend implements NetBackend {
  readonly accepts: NetOffloads = {};
  readonly linkUp = true;
  readonly mtu: number;
  readonly #settings: DatagramSettings;
  readonly #outlet: FrameOutlet;
  readonly #traffic = new Traffic<DropReason>();
  #pending = 0;

  constructor(settings: DatagramSettings) {
    this.#settings = settings;
    this.mtu = settings.mtu;
    this.#outlet = new FrameOutlet({
      limits: settings.queue,
      dropped: (reason, count) => this.#traffic.receiveDrops.add(reason, count),
    });
    settings.link.listen((bytes) => this.#received(bytes));
  }

  get counters(): DatagramCounters {
    return this.#traffic.read();
  }

  connect(handlers: NetHandlers): void {
    this.#outlet.connect(handlers);
  }

  send(frame: NetFrame): boolean {
    // The link takes finished frames only.
    const problem = frame.offload === undefined ? frameProblem(frame, this.mtu) : 'offload';
    if (problem !== undefined) {
      this.#traffic.sendDrops.add(problem);
      return true;
    }
    if (this.#pending >= this.#settings.pending) return this.#outlet.refuse();
    this.#pending += frame.length;
    this.#traffic.sent(frame.length);
    this.#settings.link.send(concatenate(frame.pieces), () => this.#done(frame.length));
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

  /** Takes the device off, and listens no more. */
  close(): void {
    this.#settings.link.listen(undefined);
    this.#outlet.connect(undefined);
  }

  #received(bytes: Uint8Array): void {
    const frame = frameOf(bytes);
    const problem = frameProblem(frame, this.mtu);
    if (problem === undefined) {
      this.#traffic.received(frame.length);
      this.#outlet.deliver(frame);
    } else this.#traffic.receiveDrops.add(problem);
  }

  #done(length: number): void {
    this.#pending -= length;
    if (this.#pending <= this.#settings.pending / 2) this.#outlet.drained();
  }
}
