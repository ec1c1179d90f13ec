/**
 * What every network backend needs between its network and a device: queues with bounds, a way out to the device that
 * keeps the rules of `NetBackend`, checks of frames that come from somebody who is not trusted, and drops that are
 * counted by their reason. Nothing here knows a network or a clock.
 *
 * Contract: `NetBackend` and `NetHandlers` in `@vivarium/contracts`.
 *
 * @example
 * import { frameOf } from '@vivarium/net-packet';
 * import { FrameOutlet } from '@vivarium/net-link';
 *
 * const outlet = new FrameOutlet({
 *   limits: { frames: 256, bytes: 2 ** 20 },
 *   dropped: (reason, count) => console.log(`${count} frames dropped: ${reason}`),
 * });
 * outlet.deliver(frameOf(new Uint8Array(60))); // dropped: no device is plugged in
 *
 * @module
 */
export { type FrameProblem, frameProblem, readOffload } from './frame-check.ts';
export { FrameOutlet, type FrameOutletParts, type OutletDrop } from './frame-outlet.ts';
export { FrameQueue, type QueueLimits } from './frame-queue.ts';
export { DropCounter, type Drops, Traffic, type TrafficCounters } from './traffic.ts';
