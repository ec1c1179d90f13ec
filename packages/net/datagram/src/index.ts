/**
 * Ethernet frames as datagrams, one in each: over UDP between two machines, in two processes or with QEMU
 * (`-netdev dgram`), and to a TAP interface of the host.
 *
 * Contract: `NetBackend` in `@vivarium/contracts`. Host code opens the link and closes it after the machine.
 *
 * @example
 * import { netDatagram } from '@vivarium/net-datagram';
 * import { openUdpLink } from '@vivarium/net-datagram/node';
 *
 * const link = await openUdpLink({ local: { port: 5001 }, remote: { port: 5002 } });
 * const part = { id: 'network0', plugin: netDatagram, options: { link } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, NetBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { DatagramBackend } from './datagram-backend.ts';
import type { DatagramLink } from './datagram-link.ts';

const KIBIBYTE = 1024;

const isLink = (value: unknown): value is DatagramLink =>
  typeof value === 'object' &&
  value !== null &&
  ['send', 'listen'].every((member) => typeof (value as Readonly<Record<string, unknown>>)[member] === 'function');

/** Options of the backend. */
export const netDatagramOptions = z.strictObject({
  /** What carries the datagrams: `openUdpLink` or `openTapLink` of `@vivarium/net-datagram/node`. */
  link: z.custom<DatagramLink>(isLink, 'must be a link for datagrams (DatagramLink)'),
  /** Largest packet, in bytes, without the Ethernet header. */
  mtu: z.int().min(68).max(65_000).default(1500),
  /** What waits for the device; frames beyond are dropped, as on any network. */
  queue: z
    .strictObject({
      frames: z.int().min(1).max(65_536).default(1024),
      bytes: z
        .int()
        .min(64 * KIBIBYTE)
        .max(1024 * KIBIBYTE * KIBIBYTE)
        .default(2048 * KIBIBYTE),
    })
    .prefault({}),
  /** Bytes on their way out; above, the device waits. */
  pending: z
    .int()
    .min(64 * KIBIBYTE)
    .max(1024 * KIBIBYTE * KIBIBYTE)
    .default(1024 * KIBIBYTE),
});

/** Options as they are written. */
export type DatagramOptions = z.input<typeof netDatagramOptions>;

/** The plugin. */
export const netDatagram = definePlugin<z.infer<typeof netDatagramOptions>>({
  name: '@vivarium/net-datagram',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Ethernet frames as datagrams',
  provides: [NetBackendToken],
  options: netDatagramOptions,
  setup: ({ options }) => {
    const backend = new DatagramBackend(options);
    return {
      provides: [bind(NetBackendToken, backend)],
      pause: () => backend.hold(),
      resume: () => backend.release(),
      reset: () => backend.flush(),
      dispose: () => backend.close(),
    };
  },
});

export default netDatagram;
export { DatagramBackend, type DatagramSettings } from './datagram-backend.ts';
export type { DatagramCounters, DropReason } from './datagram-backend.ts';
export type { DatagramLink } from './datagram-link.ts';
export { errorTable } from './errors.ts';
