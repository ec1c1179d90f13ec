/**
 * A disk on any block backend: reads, writes, flush, discard, write-zeroes, several queues, read-only, a serial number.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.2, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import { BlockBackendToken } from '@vivarium/contracts';
 * import { virtioBlk } from '@vivarium/virtio-blk';
 *
 * const part = {
 *   id: 'disk0', plugin: virtioBlk,
 *   options: { serial: 'root' },
 *   use: { [BlockBackendToken.name]: 'image0' },
 * };
 *
 * @module
 */
import {
  BlockBackendToken,
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  definePlugin,
  RateLimitedToken,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import { Throttle, transferLimits } from '@vivarium/token-bucket';
import * as z from 'zod';
import { VirtioBlk } from './virtio-blk.ts';

/** Options of the block device. */
export const virtioBlkOptions = z
  .strictObject({
    /** Refuse writes even when the backend takes them. */
    readOnly: z.boolean().default(false),
    /** What the guest sees as the disk's serial number: up to 20 characters of ASCII. */
    serial: z
      .string()
      .max(20)
      .regex(/^[\x20-\x7e]*$/)
      .default(''),
    /** Request queues, one for each vCPU that is to do input and output at once. */
    queues: z.int().min(1).max(16).default(1),
    /** Requests in flight in each queue: a power of two. */
    queueSize: z
      .int()
      .min(2)
      .max(1024)
      .refine((size) => (size & (size - 1)) === 0, 'must be a power of two')
      .default(256),
    /** Of all requests together; see `RateLimitedToken` for changing it. Default none. */
    limits: transferLimits.default({}),
  })
  .prefault({});

/** The plugin. */
export const virtioBlk = definePlugin<z.infer<typeof virtioBlkOptions>>({
  name: '@vivarium/virtio-blk',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio block device',
  provides: [VirtioDeviceToken, RateLimitedToken],
  requires: [BlockBackendToken, ClockToken],
  grants: ['timers'],
  options: virtioBlkOptions,
  setup: (context) => {
    const { limits, ...options } = context.options;
    const throttle = new Throttle({
      flows: { requests: limits },
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      resume: () => device.resume(),
    });
    const device: VirtioBlk = new VirtioBlk({
      backend: context.get(BlockBackendToken),
      admits: (bytes) => throttle.admits('requests', bytes),
      ...options,
    });
    return { provides: [bind(VirtioDeviceToken, device), bind(RateLimitedToken, throttle)] };
  },
});

export default virtioBlk;
export { VirtioBlk, type VirtioBlkParts } from './virtio-blk.ts';
