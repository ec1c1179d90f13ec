import type { NetFrame, NetHandlers } from '@vivarium/contracts';
import { finishFrame } from '@vivarium/net-packet';
import { FrameQueue, type QueueLimits } from './frame-queue.ts';

/** Why a device does not get a frame. */
export type OutletDrop =
  /** No device is plugged in. */
  | 'unplugged'
  /** The queue was full: the device takes less than comes. */
  | 'queue'
  /** The offload makes no sense. */
  | 'offload'
  /** It waited when the device was reset or the link went down. */
  | 'flushed';

/** What a {@link FrameOutlet} is made of. */
export interface FrameOutletParts {
  readonly limits: QueueLimits;
  /** A frame of so many bytes has left the queue, taken or dropped: its sender may send another one. */
  readonly left?: (bytes: number) => void;
  readonly dropped: (reason: OutletDrop, count: number) => void;
}

/**
 * The way out of a network, to its device: frames wait within bounds while the device has no room, and are finished as
 * far as it does not do that itself. It keeps the rules of `NetBackend`: a frame that was refused is offered again after
 * `resume` and not before, in order, and never from within another `receive`.
 */
export class FrameOutlet {
  readonly #parts: FrameOutletParts;
  readonly #queue: FrameQueue;
  /** What is left of the frame at the front when it had to be cut. */
  #cut: readonly NetFrame[] | undefined;
  #handlers: NetHandlers | undefined;
  /** The device refused a frame, and has not resumed. */
  #blocked = false;
  #held = false;
  #busy = false;
  /** The network had no room for a frame of the device, which waits for `drained`. */
  #refused = false;

  constructor(parts: FrameOutletParts) {
    this.#parts = parts;
    this.#queue = new FrameQueue(parts.limits);
  }

  /** Frames that wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Plugs a device in, in place of the one before; what waited is dropped. */
  connect(handlers: NetHandlers | undefined): void {
    this.reset();
    this.#handlers = handlers;
  }

  /** A frame for the device, which is the outlet's from now on. */
  deliver(frame: NetFrame): void {
    const problem = this.#handlers === undefined ? 'unplugged' : this.#queue.push(frame) ? undefined : 'queue';
    if (problem === undefined) {
      this.#pump();
      return;
    }
    this.#parts.dropped(problem, 1);
    this.#parts.left?.(frame.length);
  }

  /** The device has room again. */
  resume(): void {
    this.#blocked = false;
    this.#pump();
  }

  /** Gives the device nothing until {@link release}: its machine is paused. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#pump();
  }

  /** Drops what waits, and forgets that the device refused a frame. */
  flush(): void {
    this.#blocked = false;
    this.#cut = undefined;
    this.#parts.dropped('flushed', this.#queue.length);
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
      this.#parts.left?.(frame.length);
    }
  }

  /** Drops what waits, and forgets what either side was refused: the device begins anew. */
  reset(): void {
    this.#refused = false;
    this.flush();
  }

  /** Notes that a frame of the device was refused; this is the answer to its `send`. */
  refuse(): false {
    this.#refused = true;
    return false;
  }

  /** The device was refused, and was not told since that it may go on. */
  get waits(): boolean {
    return this.#refused;
  }

  /** Tells a device that was refused that it may go on; one that was not hears nothing. */
  drained(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#handlers?.drained();
  }

  linkChanged(up: boolean): void {
    this.#handlers?.linkChanged(up);
  }

  #pump(): void {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (!this.#blocked && !this.#held && this.#giveOne());
    } finally {
      this.#busy = false;
    }
  }

  /** Offers the device one frame, or what is left of one; false when there is none. */
  #giveOne(): boolean {
    const front = this.#queue.front;
    const handlers = this.#handlers;
    if (front === undefined || handlers === undefined) return false;
    const parts = (this.#cut ?? [front]).flatMap((frame) => finishFrame(frame, handlers.accepts));
    const [first, ...others] = parts;
    if (first === undefined) {
      this.#parts.dropped('offload', 1);
      this.#shift(front);
      return true;
    }
    // Before the call: a device may resume from within.
    this.#blocked = true;
    const taken = handlers.receive(first);
    // A device that was reset or replaced from within has emptied the queue.
    if (this.#queue.front !== front) return true;
    if (!taken) {
      this.#cut = parts;
      return true;
    }
    this.#blocked = false;
    this.#cut = others;
    if (others.length === 0) this.#shift(front);
    return true;
  }

  #shift(front: NetFrame): void {
    this.#cut = undefined;
    this.#queue.shift();
    this.#parts.left?.(front.length);
  }
}
