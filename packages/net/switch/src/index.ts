/**
 * A learning Ethernet switch that machines of one process share: VLANs, trunks, isolated ports, mirrors, rate limits,
 * captures. Host code makes the switch and its ports; each machine's spec names one port, which is a network backend.
 *
 * Specification: IEEE 802.1Q-2018, sections 8 (bridging) and 9 (tags); no spanning tree, so no loops, please.
 * Contract: `NetBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { createSwitch, switchPort } from '@vivarium/net-switch';
 *
 * const lan = createSwitch();
 * const first = { id: 'lan', plugin: switchPort, options: { port: lan.port() } };
 * const second = {
 *   id: 'lan', plugin: switchPort,
 *   options: { port: lan.port({ rate: { transmit: { bytes: { rate: 1e6, burst: 65_536 } } } }) },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, NetBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { EthernetSwitch, type SwitchSettings } from './ethernet-switch.ts';
import { hostClock } from './host-clock.ts';
import type { SwitchPort } from './switch-port.ts';

const MEBIBYTE = 2 ** 20;

/** Options of {@link createSwitch}; what is absent is as {@link switchDefaults} says. */
export type SwitchOptions = Partial<SwitchSettings>;

/** What a switch is like unless told otherwise: 1500 bytes, 4096 addresses for 5 minutes, queues of 4 MiB. */
export const switchDefaults: Omit<SwitchSettings, 'clock'> = {
  mtu: 1500,
  addresses: { capacity: 4096, perPort: 1024, ageing: 300e9 },
  queue: { frames: 1024, bytes: 4 * MEBIBYTE },
};

/** Makes a switch. Its time is the host's unless `clock` is another. */
export const createSwitch = (options: SwitchOptions = {}): EthernetSwitch =>
  new EthernetSwitch({ clock: options.clock ?? hostClock(), ...switchDefaults, ...options });

const isPort = (value: unknown): value is SwitchPort =>
  typeof value === 'object' &&
  value !== null &&
  ['send', 'connect', 'hold', 'resume', 'flush', 'unplug'].every(
    (name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function',
  );

/** Options of the plugin. */
export const switchPortOptions = z.strictObject({
  /** The port that the machine's device is plugged into: `createSwitch().port()`. */
  port: z.custom<SwitchPort>(isPort, 'must be a port of a switch: createSwitch().port()'),
});

/** The plugin: one port of a switch. */
export const switchPort = definePlugin<z.infer<typeof switchPortOptions>>({
  name: '@vivarium/net-switch',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'port of an Ethernet switch that machines share',
  provides: [NetBackendToken],
  options: switchPortOptions,
  setup: ({ options: { port } }) => ({
    provides: [bind(NetBackendToken, port)],
    pause: () => port.hold(),
    resume: () => port.resume(),
    reset: () => port.flush(),
    dispose: () => port.unplug(),
  }),
});

export default switchPort;
export type { QueueLimits } from '@vivarium/net-link';
export type { DropReason, PortCounters } from './counters.ts';
export { errorTable } from './errors.ts';
export { EthernetSwitch, type SwitchSettings } from './ethernet-switch.ts';
export { hostClock, type SwitchClock } from './host-clock.ts';
export type { MacTableLimits } from './mac-table.ts';
export { joinBackends } from './patch-cable.ts';
export type { PortRates, SwitchPortOptions } from './port-options.ts';
export type { PortListener, SwitchPort } from './switch-port.ts';
