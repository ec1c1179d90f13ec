/**
 * A network card on any network backend: mergeable receive buffers, checksum and TCP segmentation offloads in both
 * directions, receive filters, MTU, link state.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.1, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import { NetBackendToken } from '@vivarium/contracts';
 * import { virtioNet } from '@vivarium/virtio-net';
 *
 * const part = {
 *   id: 'net0', plugin: virtioNet,
 *   options: { mac: '02:00:00:00:00:01' },
 *   use: { [NetBackendToken.name]: 'nat0' },
 * };
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  definePlugin,
  NetBackendToken,
  RateLimitedToken,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import { Throttle, transferLimits } from '@vivarium/token-bucket';
import * as z from 'zod';
import { isMulticast, parseMac, randomMac } from './mac-address.ts';
import { VirtioNet } from './virtio-net.ts';

/** Options of the network device. */
export const virtioNetOptions = z
  .strictObject({
    /** Address of the card, such as `02:00:00:00:00:01`. Default: a random one of the locally administered. */
    mac: z
      .string()
      .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i, 'must be six bytes in hexadecimal with colons between')
      .refine((text) => !isMulticast(parseMac(text)), 'must not be a multicast address')
      .optional(),
    /** Frames in flight in each direction: a power of two. */
    queueSize: z
      .int()
      .min(2)
      .max(1024)
      .refine((size) => (size & (size - 1)) === 0, 'must be a power of two')
      .default(256),
    /** Of frames to the network, and from it; see `RateLimitedToken` for changing them. Default none. */
    transmit: transferLimits.default({}),
    receive: transferLimits.default({}),
  })
  .prefault({});

/** The plugin. */
export const virtioNet = definePlugin<z.infer<typeof virtioNetOptions>>({
  name: '@vivarium/virtio-net',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio network device',
  provides: [VirtioDeviceToken, RateLimitedToken],
  requires: [NetBackendToken, ClockToken],
  grants: ['timers'],
  options: virtioNetOptions,
  setup: (context) => {
    const { mac, queueSize, transmit, receive } = context.options;
    const backend = context.get(NetBackendToken);
    const throttle = new Throttle({
      flows: { transmit, receive },
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      resume: (flow) => device.resume(flow === 'transmit' ? flow : 'receive'),
    });
    const device: VirtioNet = new VirtioNet({
      backend,
      mac: mac === undefined ? randomMac() : parseMac(mac),
      queueSize,
      admits: (flow, bytes) => throttle.admits(flow, bytes),
    });
    return {
      provides: [bind(VirtioDeviceToken, device), bind(RateLimitedToken, throttle)],
      wire: () => backend.connect(device),
    };
  },
});

export default virtioNet;
export { type NetCounters, VirtioNet, type VirtioNetParts } from './virtio-net.ts';
