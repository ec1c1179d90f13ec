/**
 * A memory balloon: host code asks a running guest for memory and gives it back, and reads how the guest's memory is used.
 * Free memory comes by itself (free page reporting).
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.5, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import type { MemoryBalloon } from '@vivarium/contracts';
 * import { virtioBalloon } from '@vivarium/virtio-balloon';
 *
 * const part = { id: 'balloon0', plugin: virtioBalloon, options: { statisticsInterval: 5 } };
 *
 * // With `machine.get(MemoryBalloonToken, 'balloon0')`:
 * const squeeze = (balloon: MemoryBalloon): void => {
 *   balloon.onEvent((event) => console.log(event));
 *   balloon.setTarget(64 * 1024 * 1024);
 * };
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  definePlugin,
  MemoryBalloonToken,
  MemoryDiscardToken,
  optional,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { VirtioBalloon } from './virtio-balloon.ts';

/** Options of the balloon. */
export const virtioBalloonOptions = z
  .strictObject({
    /** Bytes that the guest is asked for from the start. */
    target: z.int().min(0).default(0),
    /** Seconds between two statistics, 0.1 to 86400; 0: none but the first. */
    statisticsInterval: z.number().min(0).default(0),
    /** The guest takes pages back by itself before it kills a process for want of memory. */
    deflateOnOom: z.boolean().default(true),
    /** The guest reports free memory by itself, and it is discarded. */
    reporting: z.boolean().default(true),
  })
  .prefault({});

/** The plugin. */
export const virtioBalloon = definePlugin<z.infer<typeof virtioBalloonOptions>>({
  name: '@vivarium/virtio-balloon',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio memory balloon',
  provides: [VirtioDeviceToken, MemoryBalloonToken],
  requires: [ClockToken, optional(MemoryDiscardToken)],
  grants: ['guest-memory', 'timers'],
  options: virtioBalloonOptions,
  setup: (context) => {
    const { target, statisticsInterval, deflateOnOom, reporting } = context.options;
    const discard = context.maybe(MemoryDiscardToken);
    const device = new VirtioBalloon({
      memory: context.grants.memory,
      ...(discard === undefined ? {} : { discard }),
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      deflateOnOom,
      reporting,
      listenerFailed: (error) => context.log.error('a listener of the balloon failed', { error: String(error) }),
    });
    device.setTarget(target);
    device.pollStatistics(statisticsInterval);
    return { provides: [bind(VirtioDeviceToken, device), bind(MemoryBalloonToken, device)] };
  },
});

export default virtioBalloon;
export { errorTable } from './errors.ts';
export { type BalloonCounters, VirtioBalloon, type VirtioBalloonParts } from './virtio-balloon.ts';
