/**
 * Sockets between programs in the guest and host code, without a network: streams of bytes with back-pressure.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.10, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import type { VsockHost } from '@vivarium/contracts';
 * import { virtioVsock } from '@vivarium/virtio-vsock';
 *
 * const part = { id: 'vsock0', plugin: virtioVsock, options: { guestCid: 3 } };
 *
 * // With `machine.get(VsockHostToken, 'vsock0')`; answers what the guest sends to port 7 with the same.
 * const echo = (host: VsockHost): (() => void) =>
 *   host.listen(7, (connection) =>
 *     connection.connect({
 *       receive: (bytes) => connection.write(bytes),
 *       drained: () => connection.resume(),
 *       ended: () => connection.end(),
 *       closed: (end) => console.log(end),
 *     }),
 *   );
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  definePlugin,
  VirtioDeviceToken,
  VsockHostToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { HIGHEST_CID, LOWEST_CID } from './registers.ts';
import { VirtioVsock } from './virtio-vsock.ts';

/** Options of the socket device. */
export const virtioVsockOptions = z
  .strictObject({
    /** Address of the guest; 2 is the host's. */
    guestCid: z.int().min(LOWEST_CID).max(HIGHEST_CID).default(3),
    /** Bytes from the guest that wait for host code, for each connection. */
    bufferSize: z
      .int()
      .min(4096)
      .max(16 * 1024 * 1024)
      .default(256 * 1024),
    /** Connections at the same time. */
    connections: z.int().min(1).max(65_536).default(256),
    /** Seconds after which a connection that is not answered fails, of the guest's and of the host's. */
    connectTimeout: z.number().min(0.1).max(3600).default(5),
  })
  .prefault({});

/** The plugin. */
export const virtioVsock = definePlugin<z.infer<typeof virtioVsockOptions>>({
  name: '@vivarium/virtio-vsock',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio socket device',
  provides: [VirtioDeviceToken, VsockHostToken],
  requires: [ClockToken],
  grants: ['timers'],
  options: virtioVsockOptions,
  setup: (context) => {
    const device = new VirtioVsock({
      ...context.options,
      clock: context.get(ClockToken),
      timer: (expired) => context.grants.timer(expired),
      hostFailed: (error) => context.log.error('host code of a vsock connection failed', { error: String(error) }),
    });
    return {
      provides: [bind(VirtioDeviceToken, device), bind(VsockHostToken, device)],
      // Host code that waits for a guest hears that there is none any more.
      stop: () => device.reset(),
    };
  },
});

export default virtioVsock;
export { errorTable } from './errors.ts';
export { VirtioVsock, type VirtioVsockParts, type VsockCounters } from './virtio-vsock.ts';
