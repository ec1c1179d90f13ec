import type { NetBackend, NetFrame, NetHandlers } from '@vivarium/contracts';
import { FrameOutlet } from '@vivarium/net-link';
import { copyFrame } from '@vivarium/net-packet';

/** A network that sends everything back to who sent it, and takes only as much as the test lets it. */
export class EchoBackend implements NetBackend {
  readonly accepts = {};
  readonly linkUp = true;
  room = Number.POSITIVE_INFINITY;
  heard = 0;
  readonly dropped: string[] = [];
  readonly #outlet = new FrameOutlet({
    limits: { frames: 100_000, bytes: 2 ** 28 },
    dropped: (reason, count) => {
      if (count > 0) this.dropped.push(reason);
    },
  });

  send(frame: NetFrame): boolean {
    if (this.room <= 0) return this.#outlet.refuse();
    this.room -= 1;
    this.heard += 1;
    this.#outlet.deliver(copyFrame(frame));
    return true;
  }

  /** Something else comes from the network. */
  deliver(frame: NetFrame): void {
    this.#outlet.deliver(frame);
  }

  get waiting(): number {
    return this.#outlet.length;
  }

  connect(handlers: NetHandlers): void {
    this.#outlet.connect(handlers);
  }

  resume(): void {
    this.#outlet.resume();
  }

  drained(): void {
    this.#outlet.drained();
  }
}
