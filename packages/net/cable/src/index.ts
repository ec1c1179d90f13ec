/**
 * An Ethernet cable over a message channel: between a machine in a worker and a switch in another one, in another tab
 * of the same origin, or in another thread of Node. Each end is a network backend; a device that sends more than the
 * other end takes waits, and messages of the other end are checked as if it were hostile.
 *
 * Specification: structured clones and transfer, HTML, section 2.7 (https://html.spec.whatwg.org/#structured-data);
 * the messages are in src/messages.ts. Contract: `NetBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { createCableEnd, netCable } from '@vivarium/net-cable';
 *
 * const { port1, port2 } = new MessageChannel();
 * const end = createCableEnd({ channel: port1 });
 * // In the machine's spec, mostly in another worker, to which port2 was transferred:
 * const part = { id: 'cable', plugin: netCable, options: { channel: port2 } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, NetBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { CableEnd } from './cable-end.ts';
import { type CableChannel, isCableChannel } from './channel.ts';
import { hostRepeat, type Repeat } from './host-timer.ts';

const KIBIBYTE = 1024;

/** Options of the plugin, and of {@link createCableEnd}. */
export const netCableOptions = z.strictObject({
  /** One end of the channel: a `MessagePort`, a `Worker`, a worker's global scope. The cable's from now on. */
  channel: z.custom<CableChannel>(isCableChannel, 'must be a message channel: a MessagePort, a Worker, …'),
  /** Largest packet, in bytes, without the Ethernet header. Both ends should agree. */
  mtu: z.int().min(68).max(65_535).default(1500),
  /** Frames that wait for the device, and so may be on their way to it. */
  queue: z
    .strictObject({
      frames: z.int().min(4).max(65_536).default(256),
      bytes: z
        .int()
        .min(128 * KIBIBYTE)
        .max(1024 * KIBIBYTE * KIBIBYTE)
        .default(1024 * KIBIBYTE),
    })
    .prefault({}),
  /** Milliseconds between signs of life; when three are missed, the link is down until the next. */
  keepAlive: z.int().min(100).max(600_000).default(3000),
  /** Calls something again and again, until what it returns is called. Default: the platform's timers. */
  repeat: z.custom<Repeat>((value) => typeof value === 'function', 'must be a function').default(() => hostRepeat),
});

/** What {@link createCableEnd} takes. */
export type CableOptions = z.input<typeof netCableOptions>;

/** Makes one end of a cable, for host code that has a switch: plug it in as an uplink. Throws what the schema finds. */
export const createCableEnd = (options: CableOptions): CableEnd => new CableEnd(netCableOptions.parse(options));

/** The plugin: the machine's end of a cable. */
export const netCable = definePlugin<z.infer<typeof netCableOptions>>({
  name: '@vivarium/net-cable',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Ethernet cable over a message channel',
  provides: [NetBackendToken],
  options: netCableOptions,
  setup: ({ options }) => {
    const end = new CableEnd(options);
    return {
      provides: [bind(NetBackendToken, end)],
      pause: () => end.hold(),
      resume: () => end.release(),
      reset: () => end.flush(),
      dispose: () => end.close(),
    };
  },
});

export default netCable;
export { CableEnd, type CableSettings } from './cable-end.ts';
export { type CableChannel, isCableChannel } from './channel.ts';
export type { CableCounters, DropReason } from './counters.ts';
export type { Repeat } from './host-timer.ts';
export type { CableMessage } from './messages.ts';
