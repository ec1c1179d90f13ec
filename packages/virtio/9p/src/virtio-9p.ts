import type { VirtioConfig, VirtioDevice, VirtioQueue } from '@vivarium/contracts';
import { Session, type SessionSettings } from './session.ts';

/** What {@link Virtio9p} is made of. */
export interface Virtio9pParts extends SessionSettings {
  /** What the guest mounts, in UTF-8. */
  readonly tag: string;
  readonly queueSize: number;
}

/** The configuration space has the tag (linux/virtio_9p.h). */
const VIRTIO_9P_MOUNT_TAG = 1n << 0n;
const REQUESTS = 0;

/** Its length in 16 bits, then its bytes. */
const configOf = (tag: string): VirtioConfig => {
  const name = new TextEncoder().encode(tag);
  const bytes = Uint8Array.of(name.length & 0xff, name.length >> 8, ...name);
  return { length: bytes.length, read: (offset) => bytes[offset] ?? 0 };
};

/** 9P device: one queue of messages, each answered in its own buffer. */
export class Virtio9p implements VirtioDevice {
  readonly deviceId = 9;
  readonly kind = '9p';
  readonly features = VIRTIO_9P_MOUNT_TAG;
  readonly queueSizes: readonly number[];
  readonly config: VirtioConfig;
  readonly #session: Session;
  #queue: VirtioQueue | undefined;

  constructor({ tag, queueSize, ...settings }: Virtio9pParts) {
    this.queueSizes = [queueSize];
    this.config = configOf(tag);
    this.#session = new Session(settings);
  }

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queue = queues[REQUESTS];
  }

  notified(): void {
    const queue = this.#queue;
    if (!queue) return;
    for (let request = queue.take(); request; request = queue.take()) this.#session.serve(queue, request);
  }

  reset(): void {
    this.#queue = undefined;
    this.#session.end();
  }
}
