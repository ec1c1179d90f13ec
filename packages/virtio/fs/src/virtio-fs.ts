import type { VirtioConfig, VirtioDevice, VirtioQueue } from '@vivarium/contracts';
import { Session, type SessionSettings } from './session.ts';

/** What {@link VirtioFs} is made of. */
export interface VirtioFsParts extends SessionSettings {
  /** What the guest mounts: at most 36 bytes of UTF-8. */
  readonly tag: string;
  /** Request queues. */
  readonly queues: number;
  readonly queueSize: number;
}

/** Configuration space (section 5.11.4): the tag, padded with NUL, and the number of request queues. */
const TAG_LENGTH = 36;
const CONFIG_LENGTH = 40;

const configOf = (tag: string, queues: number): VirtioConfig => {
  const bytes = new Uint8Array(CONFIG_LENGTH);
  new TextEncoder().encodeInto(tag, bytes.subarray(0, TAG_LENGTH));
  new DataView(bytes.buffer).setUint32(TAG_LENGTH, queues, true);
  return { length: CONFIG_LENGTH, read: (offset) => bytes[offset] ?? 0 };
};

/**
 * File system device: FUSE requests, each answered in its own buffer. Queue 0 has what must not wait (section 5.11.2),
 * the others the rest; here any queue takes any request.
 */
export class VirtioFs implements VirtioDevice {
  readonly deviceId = 26;
  readonly kind = 'file system';
  /** No notification queue (VIRTIO_FS_F_NOTIFICATION): the device has nothing to notify of. */
  readonly features = 0n;
  readonly queueSizes: readonly number[];
  readonly config: VirtioConfig;
  readonly #session: Session;
  #queues: readonly (VirtioQueue | undefined)[] = [];

  constructor({ tag, queues, queueSize, ...settings }: VirtioFsParts) {
    this.queueSizes = Array.from({ length: queues + 1 }, () => queueSize);
    this.config = configOf(tag, queues);
    this.#session = new Session(settings);
  }

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.#queues = queues;
  }

  notified(index: number): void {
    const queue = this.#queues[index];
    if (!queue) return;
    for (let request = queue.take(); request; request = queue.take()) this.#session.serve(queue, request);
  }

  reset(): void {
    this.#queues = [];
    this.#session.end();
  }
}
