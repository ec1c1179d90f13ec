/**
 * A file sharing device: the guest mounts files of the host, or of memory, as a file system of its own, even as its
 * root. It speaks FUSE with the guest's kernel and serves whatever file system backend it is given.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.11, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 * Protocol: FUSE 7.38, include/uapi/linux/fuse.h of Linux.
 *
 * @example
 * import { FsBackendToken } from '@vivarium/contracts';
 * import { virtioFs } from '@vivarium/virtio-fs';
 *
 * // In the guest: mount -t virtiofs share /mnt; or as its root: rootfstype=virtiofs root=share.
 * const part = {
 *   id: 'share0', plugin: virtioFs,
 *   options: { tag: 'share' },
 *   use: { [FsBackendToken.name]: 'files0' },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, FsBackendToken, VirtioDeviceToken } from '@vivarium/contracts';
import * as z from 'zod';
import { VirtioFs } from './virtio-fs.ts';

/** Options of the file sharing device. */
export const virtioFsOptions = z.strictObject({
  /** What the guest mounts: 1 to 36 bytes of UTF-8. */
  tag: z
    .string()
    .regex(/^[^\0]+$/)
    .refine((tag) => new TextEncoder().encode(tag).length <= 36, 'must be at most 36 bytes of UTF-8'),
  /**
   * What the guest keeps of what it has read. `auto`: names and attributes for a second, content until a file is opened
   * after the host changed it; `always`: everything, for files that only this guest changes; `none`: nothing.
   */
  cache: z.enum(['auto', 'always', 'none']).default('auto'),
  /** The guest's kernel gathers writes before it sends them. For files that only this guest changes. */
  writeback: z.boolean().default(false),
  /** Locks of the guest are kept by the backend. Else the guest's kernel keeps them, which is faster. */
  locks: z.boolean().default(false),
  /** Request queues, one for each vCPU that is to do input and output at once. */
  queues: z.int().min(1).max(16).default(1),
  /** Requests in flight in each queue, a power of two. A request of 1 MiB takes 260 places unless they are indirect. */
  queueSize: z
    .int()
    .min(2)
    .max(1024)
    .refine((size) => (size & (size - 1)) === 0, 'must be a power of two')
    .default(1024),
});

/** The plugin. */
export const virtioFs = definePlugin<z.infer<typeof virtioFsOptions>>({
  name: '@vivarium/virtio-fs',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio file sharing device',
  provides: [VirtioDeviceToken],
  requires: [FsBackendToken],
  options: virtioFsOptions,
  setup: (context) => ({
    provides: [bind(VirtioDeviceToken, new VirtioFs({ backend: context.get(FsBackendToken), ...context.options }))],
  }),
});

export default virtioFs;
export type { CacheMode } from './cache-policy.ts';
export { VirtioFs, type VirtioFsParts } from './virtio-fs.ts';
