import type { VirtioConfig, VirtioDevice, VirtioQueue } from '@vivarium/contracts';
import type { Entropy } from './entropy.ts';

/** The one queue (section 5.4.2). */
const REQUESTQ = 0;
const QUEUE_SIZE = 64;
/** A request may ask for up to 4 GiB; the device may fill less (section 5.4.6.1). */
const LARGEST_FILL = 64 * 1024;

const NO_CONFIG: VirtioConfig = { length: 0, read: () => 0 };

/** Entropy device: fills what the driver gives it. */
export class VirtioRng implements VirtioDevice {
  readonly deviceId = 4;
  readonly kind = 'entropy';
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly config = NO_CONFIG;
  readonly #source: () => Entropy;
  #entropy: Entropy;
  #queue: VirtioQueue | undefined;

  /** @param source gives the source of a new life: a seeded one starts over at each reset of the machine */
  constructor(source: () => Entropy) {
    this.#source = source;
    this.#entropy = source();
  }

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queue = queues[REQUESTQ];
  }

  notified(): void {
    const queue = this.#queue;
    for (;;) {
      const request = queue?.take();
      if (queue === undefined || request === undefined) return;
      let filled = 0;
      for (const piece of request.writable(0, LARGEST_FILL)) {
        this.#entropy(piece);
        filled += piece.length;
      }
      queue.complete(request, filled);
    }
  }

  reset(): void {
    this.#queue = undefined;
    this.#entropy = this.#source();
  }
}
