/** Drops by reason. */
export type Drops<Reason extends string> = Readonly<Partial<Record<Reason, number>>>;

/** What went through one end of a link, from its device's point of view. */
export interface TrafficCounters<Reason extends string> {
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  /** Frames that the device sent and nobody gets. */
  readonly sendDrops: Drops<Reason>;
  /** Frames for the device that it does not get. */
  readonly receiveDrops: Drops<Reason>;
}

/** Counts drops by reason. */
export class DropCounter<Reason extends string> {
  readonly #counts = new Map<Reason, number>();

  add(reason: Reason, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  read(): Drops<Reason> {
    return Object.fromEntries(this.#counts) as Drops<Reason>;
  }
}

/** Counts what goes through one end of a link. */
export class Traffic<Reason extends string> {
  readonly sendDrops = new DropCounter<Reason>();
  readonly receiveDrops = new DropCounter<Reason>();
  #sentFrames = 0;
  #sentBytes = 0;
  #receivedFrames = 0;
  #receivedBytes = 0;

  sent(bytes: number): void {
    this.#sentFrames += 1;
    this.#sentBytes += bytes;
  }

  received(bytes: number): void {
    this.#receivedFrames += 1;
    this.#receivedBytes += bytes;
  }

  read(): TrafficCounters<Reason> {
    return {
      sentFrames: this.#sentFrames,
      sentBytes: this.#sentBytes,
      receivedFrames: this.#receivedFrames,
      receivedBytes: this.#receivedBytes,
      sendDrops: this.sendDrops.read(),
      receiveDrops: this.receiveDrops.read(),
    };
  }
}
