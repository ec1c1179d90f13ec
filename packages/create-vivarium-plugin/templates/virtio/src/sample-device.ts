import type { VirtioConfig, VirtioDevice, VirtioQueue } from '@vivarium/contracts';

/** The entropy device (section 5.4.1). Its driver in Linux is virtio_rng, which serves /dev/hwrng. */
const ENTROPY = 4;
/** The one queue (section 5.4.2): buffers for the device to fill. */
const REQUESTQ = 0;
const QUEUE_SIZE = 64;
/** A guest may ask for up to 4 GiB at once; a device may give less (section 5.4.6.1). */
const LARGEST_ANSWER = 4096;

const NO_CONFIG: VirtioConfig = { length: 0, read: () => 0 };

/**
 * Fills what the driver gives it with its text. Rings, descriptors and interrupts are the transport's business; a
 * request has been checked when it comes here. Every call comes from a guest: never throw.
 */
export class SampleDevice implements VirtioDevice {
  readonly deviceId = ENTROPY;
  readonly kind = 'entropy';
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly config = NO_CONFIG;
  readonly #text: Uint8Array;
  /** Where in the text the next answer goes on. */
  #at = 0;
  #queue: VirtioQueue | undefined;

  constructor(text: string) {
    this.#text = new TextEncoder().encode(text);
  }

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queue = queues[REQUESTQ];
  }

  notified(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    for (let request = queue.take(); request !== undefined; request = queue.take()) {
      let filled = 0;
      for (const piece of request.writable(0, LARGEST_ANSWER)) {
        this.#fill(piece);
        filled += piece.length;
      }
      queue.complete(request, filled);
    }
  }

  reset(): void {
    this.#queue = undefined;
    this.#at = 0;
  }

  #fill(piece: Uint8Array): void {
    for (let index = 0; index < piece.length; index++) {
      piece[index] = this.#text[this.#at] ?? 0;
      this.#at = (this.#at + 1) % this.#text.length;
    }
  }
}
