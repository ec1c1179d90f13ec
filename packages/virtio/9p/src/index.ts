/**
 * A file sharing device that speaks 9P2000.L: for guests that have no virtio-fs, which is faster and does more. It serves
 * whatever file system backend it is given.
 *
 * Device: linux/virtio_9p.h, id 9 (Virtual I/O Device 1.3 reserves the number and says no more). Protocol: 9P2000.L,
 * https://github.com/chaos/diod/blob/master/protocol.md, over 9P2000, http://9p.io/sys/man/5/INDEX.html.
 *
 * @example
 * import { FsBackendToken } from '@vivarium/contracts';
 * import { virtio9p } from '@vivarium/virtio-9p';
 *
 * // In the guest: mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /mnt
 * const part = {
 *   id: 'share0', plugin: virtio9p,
 *   options: { tag: 'share' },
 *   use: { [FsBackendToken.name]: 'files0' },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, FsBackendToken, VirtioDeviceToken } from '@vivarium/contracts';
import * as z from 'zod';
import { Virtio9p } from './virtio-9p.ts';

const KIBIBYTE = 1024;

/** Options of the device. */
export const virtio9pOptions = z.strictObject({
  /** What the guest mounts: 1 to 254 bytes of UTF-8, no comma. */
  tag: z
    .string()
    .regex(/^[^\0,]+$/)
    .refine((tag) => new TextEncoder().encode(tag).length <= 254, 'must be at most 254 bytes of UTF-8'),
  /** Largest message in bytes; the driver may ask for less. Linux takes up to 500 KiB. */
  msize: z
    .int()
    .min(8 * KIBIBYTE)
    .max(KIBIBYTE * KIBIBYTE)
    .default(512 * KIBIBYTE),
  /** How many files the guest can name at once; Linux does so with every file that it remembers. */
  fids: z.int().min(2).max(0x40_0000).default(262_144),
  /** Requests in flight: a power of two. Linux takes 128. */
  queueSize: z
    .int()
    .min(2)
    .max(1024)
    .refine((size) => (size & (size - 1)) === 0, 'must be a power of two')
    .default(128),
});

/** The plugin. */
export const virtio9p = definePlugin<z.infer<typeof virtio9pOptions>>({
  name: '@vivarium/virtio-9p',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio 9P file sharing device',
  provides: [VirtioDeviceToken],
  requires: [FsBackendToken],
  options: virtio9pOptions,
  setup: (context) => ({
    provides: [bind(VirtioDeviceToken, new Virtio9p({ backend: context.get(FsBackendToken), ...context.options }))],
  }),
});

export default virtio9p;
export { Virtio9p, type Virtio9pParts } from './virtio-9p.ts';
