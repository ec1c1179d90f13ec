// Hot: each frame for the guest passes here.
import type { NetFrame, NetHandlers, NetOffloads } from '@vivarium/contracts';
import { finishFrame } from '@vivarium/net-packet';

/** Something with frames for the guest, made when there is room for them: at most one has to wait. */
export interface FrameSource {
  /**
   * The next frame, for a receiver that accepts `accepts`; undefined when there is none now. It counts as sent: the
   * guest may answer it from within the call that gives it to the device.
   */
  next(accepts: NetOffloads): NetFrame | undefined;
}

/** Frames given out before the caller is let go: a guest that answers from within `receive` may never stop. */
const BUDGET = 1024;
const NOTHING: NetOffloads = {};

/** Bounds of the queue of answers. */
export interface LinkLimits {
  readonly frames: number;
  readonly bytes: number;
}

/** What {@link GuestLink} tells and asks. */
export interface LinkParts {
  readonly limits: LinkLimits;
  /** Calls {@link GuestLink.pump} soon. */
  readonly later: () => void;
  /** An answer was dropped: the queue is full, or no device is there. */
  readonly dropped: () => void;
}

/** The way to the guest: short answers in a bounded queue, and sources that are asked in turn when there is room. */
export class GuestLink {
  readonly #parts: LinkParts;
  readonly #sources = new Set<FrameSource>();
  #answers: NetFrame[] = [];
  #answerBytes = 0;
  /** A frame of a source that the device refused, and what has to follow it. */
  #refused: readonly NetFrame[] = [];
  #handlers: NetHandlers | undefined;
  /** The device has refused a frame, and has not resumed. */
  #blocked = false;
  /** Frames are being given out, or one of the guest is being read. */
  #busy = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** The device has no room: what is late for the guest is late here. */
  get isBlocked(): boolean {
    return this.#blocked;
  }

  connect(handlers: NetHandlers | undefined): void {
    this.#handlers = handlers;
    this.#blocked = false;
    this.#forget();
  }

  resume(): void {
    this.#blocked = false;
    this.pump();
  }

  /** Gives nothing out until {@link resume}. */
  hold(): void {
    this.#blocked = true;
  }

  /** Queues a finished frame; it goes out with the next {@link pump}. */
  post(bytes: Uint8Array): void {
    const { frames, bytes: limit } = this.#parts.limits;
    if (
      this.#handlers === undefined ||
      this.#answers.length >= frames ||
      (this.#answers.length > 0 && this.#answerBytes + bytes.length > limit)
    ) {
      this.#parts.dropped();
      return;
    }
    this.#answers.push({ pieces: [bytes], length: bytes.length });
    this.#answerBytes += bytes.length;
  }

  /** `source` may have a frame; it is asked by the next {@link pump}. */
  request(source: FrameSource): void {
    this.#sources.add(source);
  }

  remove(source: FrameSource): void {
    this.#sources.delete(source);
  }

  clear(): void {
    this.#sources.clear();
    this.#forget();
    this.#blocked = false;
  }

  /** Reads a frame of the guest, and then answers: nothing is given out while it is read. */
  answering(read: () => void): void {
    const wasBusy = this.#busy;
    this.#busy = true;
    try {
      read();
    } finally {
      this.#busy = wasBusy;
    }
    this.pump();
  }

  /** Gives the device what there is, as far as it takes it. Called from within `receive`, it leaves that to the caller. */
  pump(): void {
    if (this.#busy || this.#blocked || this.#handlers === undefined) return;
    this.#busy = true;
    let budget = BUDGET;
    try {
      while (budget > 0 && this.#giveOne()) budget -= 1;
    } finally {
      this.#busy = false;
    }
    if (budget === 0) this.#parts.later();
  }

  /** False: there is nothing, or no room. */
  #giveOne(): boolean {
    if (this.#blocked) return false;
    const accepts = this.#handlers?.accepts ?? NOTHING;
    const [refused, ...others] = this.#refused.flatMap((frame) => finishFrame(frame, accepts));
    if (refused !== undefined) {
      this.#refused = others;
      if (this.#offer(refused)) return true;
      this.#refused = [refused, ...others];
      return false;
    }
    const answer = this.#answers[0];
    if (answer !== undefined) {
      if (!this.#offer(answer)) return false;
      // A device that resets from within has emptied the queue.
      if (this.#answers[0] === answer) {
        this.#answers.shift();
        this.#answerBytes -= answer.length;
      }
      return true;
    }
    for (const source of this.#sources) {
      const frame = source.next(accepts);
      if (frame === undefined) {
        this.#sources.delete(source);
        continue;
      }
      // Behind the others: each gets one frame a turn.
      this.#sources.delete(source);
      this.#sources.add(source);
      if (this.#offer(frame)) return true;
      this.#refused = [frame];
      return false;
    }
    return false;
  }

  #offer(frame: NetFrame): boolean {
    // Before the call: a device may resume from within.
    this.#blocked = true;
    if (this.#handlers?.receive(frame) !== true) return false;
    this.#blocked = false;
    return true;
  }

  #forget(): void {
    this.#refused = [];
    this.#answers = [];
    this.#answerBytes = 0;
  }
}
