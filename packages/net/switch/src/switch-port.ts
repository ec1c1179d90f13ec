import type { NetBackend, NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { type DropCounter, FrameQueue, frameProblem, type QueueLimits, Traffic } from '@vivarium/net-link';
import { type CapturedPacket, concatenate, copyFrame, finishFrame } from '@vivarium/net-packet';
import { RateLimiter } from '@vivarium/token-bucket';
import type { DropReason, PortCounters } from './counters.ts';
import type { Fabric, Worker } from './fabric.ts';
import { type PortRates, readMembership, type SwitchPortOptions } from './port-options.ts';
import type { VlanMembership } from './vlan.ts';

/** What a port is made of, besides its options. */
export interface PortParts {
  readonly fabric: Fabric;
  readonly mtu: number;
  readonly queue: QueueLimits;
  /** Where frames of the device go. */
  readonly forward: (source: SwitchPort, frame: NetFrame) => void;
  /** The link went down: nobody is behind the port any more. */
  readonly linkLost: (port: SwitchPort) => void;
}

/** A copy of one frame, as a capture shows it: checksums complete, segments cut. */
export type PortListener = (packet: CapturedPacket) => void;

/** One port: the backend of a device, and what host code can do with its link. Made by the switch. */
export class SwitchPort implements NetBackend, Worker {
  /** Segments and sums are left as they are for receivers that take them so. */
  readonly accepts: NetOffloads = { checksum: true, tcp4: true, tcp6: true };
  readonly name: string;
  readonly mtu: number;
  readonly isolated: boolean;
  /** @internal */
  readonly membership: VlanMembership;
  readonly #parts: PortParts;
  readonly #isMirror: boolean;
  /** Frames for the device. */
  readonly #queue: FrameQueue;
  /** Frames of the device that were sent while others were under way. */
  readonly #backlog: FrameQueue;
  readonly #transmit: RateLimiter;
  readonly #receive: RateLimiter;
  readonly #traffic = new Traffic<DropReason>();
  #handlers: NetHandlers | undefined;
  #linkUp = true;
  /** The device refused the front of the queue, and has not resumed. */
  #blocked = false;
  /** The front of the queue has had its tokens. */
  #paid = false;
  /** Length of the frame that `send` refused; the device waits for `drained`. */
  #refused: number | undefined;
  #listeners: readonly PortListener[] = [];

  constructor(options: SwitchPortOptions, parts: PortParts) {
    this.membership = readMembership(options);
    this.name = options.name ?? 'port';
    this.mtu = parts.mtu;
    this.isolated = options.isolated ?? false;
    this.#isMirror = options.mirror !== undefined;
    this.#parts = parts;
    this.#queue = new FrameQueue(options.queue ?? parts.queue);
    this.#backlog = new FrameQueue(options.queue ?? parts.queue);
    const now = parts.fabric.clock.now();
    this.#transmit = new RateLimiter(options.rate?.transmit ?? {}, now);
    this.#receive = new RateLimiter(options.rate?.receive ?? {}, now);
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  get counters(): PortCounters {
    return this.#traffic.read();
  }

  get rate(): PortRates {
    return { transmit: this.#transmit.limits, receive: this.#receive.limits };
  }

  /** Changes the limits while frames flow; absent is unlimited. */
  setRate({ transmit = {}, receive = {} }: PortRates): void {
    const now = this.#parts.fabric.clock.now();
    this.#transmit.configure(transmit, now);
    this.#receive.configure(receive, now);
    this.#parts.fabric.request(this);
  }

  /** Takes the link down (what waits is dropped, addresses behind it are forgotten) or up, and tells the device. */
  setLink(up: boolean): void {
    if (up === this.#linkUp) return;
    this.#linkUp = up;
    if (!up) {
      this.#drop(this.#queue, this.#traffic.receiveDrops);
      this.#drop(this.#backlog, this.#traffic.sendDrops);
      this.#parts.linkLost(this);
    }
    this.#parts.fabric.run(() => this.#handlers?.linkChanged(up));
    // What was refused before would be dropped now: the device need not hold it.
    this.#parts.fabric.request(this);
  }

  /** Calls `listener` with a copy of each frame that passes from now on. Returns its removal. One that throws is removed. */
  capture(listener: PortListener): () => void {
    const entry: PortListener = (packet) => listener(packet);
    this.#listeners = [...this.#listeners, entry];
    return () => this.#removeListener(entry);
  }

  connect(handlers: NetHandlers): void {
    this.flush();
    this.#handlers = handlers;
  }

  /** Takes the device off: frames for it are dropped, and its calls no longer matter. */
  unplug(): void {
    this.flush();
    this.#handlers = undefined;
    this.#parts.linkLost(this);
  }

  /** Forgets what waits in both directions, as a reset of the device does. */
  flush(): void {
    this.#drop(this.#queue, this.#traffic.receiveDrops);
    this.#drop(this.#backlog, this.#traffic.sendDrops);
    this.#blocked = false;
    this.#paid = false;
    this.#refused = undefined;
  }

  send(frame: NetFrame): boolean {
    const problem = this.#problemOf(frame);
    if (problem !== undefined) {
      this.#traffic.sendDrops.add(problem);
      return true;
    }
    const { fabric, forward } = this.#parts;
    const waits = fabric.busy || this.#backlog.length > 0;
    const now = fabric.clock.now();
    if ((waits && !this.#backlog.hasRoom(frame.length)) || !this.#transmit.take(frame.length, now)) {
      this.#refused = frame.length;
      // Not at once: the device must have heard that it was refused before it hears that it may try again.
      if (fabric.busy) fabric.request(this);
      else fabric.wakeAt(this, now + this.#transmit.wait(frame.length, now));
      return false;
    }
    this.#traffic.sent(frame.length);
    this.#tell(frame, 'out');
    if (waits) {
      this.#backlog.push(copyFrame(frame));
      fabric.request(this);
    } else {
      fabric.run(() => forward(this, frame));
    }
    return true;
  }

  /** Gives the device nothing until {@link resume}: its machine is paused. */
  hold(): void {
    this.#blocked = true;
  }

  resume(): void {
    this.#blocked = false;
    if (this.#queue.length > 0) this.#parts.fabric.request(this);
  }

  /** @internal The switch has no use for the frame that is being forwarded. */
  refuse(reason: DropReason): void {
    this.#traffic.sendDrops.add(reason);
  }

  /** @internal A frame from another port; it is valid during the call only. */
  deliver(frame: NetFrame): void {
    if (!this.#linkUp || this.#handlers === undefined) {
      this.#traffic.receiveDrops.add('link');
      return;
    }
    if (this.#queue.length > 0 || this.#blocked) {
      this.#enqueue(frame);
      return;
    }
    const finished = finishFrame(frame, this.#handlers.accepts);
    if (finished.length === 0) this.#traffic.receiveDrops.add('offload');
    for (const one of finished) {
      if (this.#queue.length > 0 || !this.#offer(one)) this.#enqueue(one);
    }
  }

  /** @internal */
  work(budget: number): number {
    let done = 0;
    while (done < budget && !this.#blocked && this.#workQueue()) done += 1;
    if (!this.#blocked && this.#queue.length > 0) this.#askAgain(this.#queue.front?.length ?? 0);
    for (; done < budget; done += 1) {
      const frame = this.#backlog.shift();
      if (frame === undefined) break;
      this.#parts.forward(this, frame);
    }
    if (this.#backlog.length > 0) this.#parts.fabric.request(this);
    this.#workRefused();
    return done;
  }

  /** Tells a device that was refused, when there is room and there are tokens. */
  #workRefused(): void {
    const { fabric } = this.#parts;
    const length = this.#refused;
    if (length === undefined || !this.#backlog.hasRoom(length)) return;
    const now = fabric.clock.now();
    const wait = this.#linkUp ? this.#transmit.wait(length, now) : 0;
    if (wait > 0) {
      fabric.wakeAt(this, now + wait);
      return;
    }
    this.#refused = undefined;
    this.#handlers?.drained();
  }

  /** One frame of the queue; false when there is none that can go now. */
  #workQueue(): boolean {
    const front = this.#queue.front;
    if (front === undefined || this.#handlers === undefined) return false;
    const finished = finishFrame(front, this.#handlers.accepts);
    if (finished.length !== 1 || finished[0] !== front) {
      if (finished.length === 0) this.#traffic.receiveDrops.add('offload');
      this.#queue.replaceFront(finished);
      return true;
    }
    if (!this.#offer(front)) return false;
    this.#queue.shift();
    return true;
  }

  /** Offers a finished frame; false when there are no tokens, or the device has no room. */
  #offer(frame: NetFrame): boolean {
    if (!this.#paid && !this.#receive.take(frame.length, this.#parts.fabric.clock.now())) {
      this.#askAgain(frame.length);
      return false;
    }
    this.#paid = true;
    // Set before: a device may resume from within.
    this.#blocked = true;
    const taken = this.#handlers?.receive(frame) === true;
    if (!taken) return false;
    this.#blocked = false;
    this.#paid = false;
    this.#traffic.received(frame.length);
    this.#tell(frame, 'in');
    return true;
  }

  /** Comes back when there are tokens for a frame of `length` bytes. */
  #askAgain(length: number): void {
    const { fabric } = this.#parts;
    const now = fabric.clock.now();
    const wait = this.#paid ? 0 : this.#receive.wait(length, now);
    if (wait > 0) fabric.wakeAt(this, now + wait);
    else if (this.#queue.length > 0) fabric.request(this);
  }

  #enqueue(frame: NetFrame): void {
    if (this.#queue.hasRoom(frame.length)) this.#queue.push(copyFrame(frame));
    else this.#traffic.receiveDrops.add('queue');
  }

  #drop(queue: FrameQueue, drops: DropCounter<DropReason>): void {
    drops.add('link', queue.clear());
    if (queue === this.#queue) this.#paid = false;
  }

  #problemOf(frame: NetFrame): DropReason | undefined {
    const problem = frameProblem(frame, this.mtu);
    if (problem !== undefined) return problem;
    if (!this.#linkUp) return 'link';
    return this.#isMirror ? 'mirror' : undefined;
  }

  #tell(frame: NetFrame, direction: 'in' | 'out'): void {
    if (this.#listeners.length === 0) return;
    const { clock } = this.#parts.fabric;
    const time = clock.epoch + BigInt(clock.now());
    for (const { pieces } of finishFrame(frame)) {
      const bytes = concatenate(pieces);
      for (const listener of this.#listeners) {
        try {
          listener({ time, bytes, direction });
        } catch {
          this.#removeListener(listener);
        }
      }
    }
  }

  #removeListener(entry: PortListener): void {
    this.#listeners = this.#listeners.filter((listener) => listener !== entry);
  }
}
