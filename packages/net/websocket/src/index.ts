/**
 * Ethernet over a WebSocket: how machines in a browser get out of it. One frame in each binary message, as others do it
 * (websockproxy, v86), so that any relay of the kind will do; the one of `@vivarium/net-websocket/node` asks for a token
 * and an origin, and leads to a switch or a NAT of its host.
 *
 * Specification: The WebSocket Protocol, RFC 6455; WebSockets Standard, https://websockets.spec.whatwg.org.
 * Contract: `NetBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { createUplink, netWebSocket } from '@vivarium/net-websocket';
 *
 * const options = { url: 'wss://relay.example/uplink', token: 'a-token-of-sixteen-or-more' };
 * // A machine of its own:
 * const part = { id: 'uplink', plugin: netWebSocket, options };
 * // Or all machines on a switch: createSwitch().uplink(createUplink(options))
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, NetBackendToken } from '@vivarium/contracts';
import * as z from 'zod';
import { hostLater, type Later, type OpenSocket, openPlatformSocket } from './socket.ts';
import { TOKEN } from './subprotocol.ts';
import { WebSocketUplink } from './uplink.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** Losses of the connection that are logged. */
const MOST_LOGGED = 16;

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Options of the plugin, and of {@link createUplink}. */
export const netWebSocketOptions = z.strictObject({
  /** Where the relay is: `ws:` or `wss:`. */
  url: z.url({ protocol: /^wss?$/ }),
  /** What the relay wants to know: 16 to 128 letters, digits and `.`, `_`, `~`, `-`. Default: none. */
  token: z.string().regex(TOKEN, 'must be 16 to 128 letters, digits and . _ ~ -').optional(),
  /** Largest packet, in bytes, without the Ethernet header. */
  mtu: z.int().min(68).max(65_535).default(1500),
  /** Frames that wait for the device. */
  queue: z
    .strictObject({
      frames: z.int().min(1).max(65_536).default(1024),
      bytes: z
        .int()
        .min(1)
        .max(1024 * MEBIBYTE)
        .default(4 * MEBIBYTE),
    })
    .prefault({}),
  /** Bytes that wait in the socket before a device that sends has to wait. */
  buffer: z
    .int()
    .min(1)
    .max(1024 * MEBIBYTE)
    .default(MEBIBYTE),
  /** Milliseconds before a lost socket is opened again; doubled each time, up to the longest. */
  backOff: z
    .strictObject({
      first: z.int().min(1).max(3_600_000).default(500),
      longest: z.int().min(1).max(3_600_000).default(30_000),
    })
    .prefault({}),
  /** Opens a socket. Default: the platform's `WebSocket`. */
  open: z.custom<OpenSocket>(isFunction, 'must be a function').default(() => openPlatformSocket),
  /** Calls something later. Default: the platform's timers. */
  later: z.custom<Later>(isFunction, 'must be a function').default(() => hostLater),
  /** Default: `Math.random`. */
  random: z.custom<() => number>(isFunction, 'must be a function').default(() => Math.random),
});

/** What {@link createUplink} takes. */
export type UplinkOptions = z.input<typeof netWebSocketOptions>;

/** Makes an uplink for host code that has a switch. It is opened at once. Throws what the schema finds in the options. */
export const createUplink = (options: UplinkOptions): WebSocketUplink =>
  new WebSocketUplink(netWebSocketOptions.parse(options));

/** The plugin: a machine's own uplink. */
export const netWebSocket = definePlugin<z.infer<typeof netWebSocketOptions>>({
  name: '@vivarium/net-websocket',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Ethernet over a WebSocket',
  provides: [NetBackendToken],
  grants: ['host-network'],
  options: netWebSocketOptions,
  setup: ({ options, log }) => {
    const uplink = new WebSocketUplink(options);
    let logged = 0;
    uplink.onState((_state, error) => {
      if (error !== undefined && logged++ < MOST_LOGGED) log.warn(error.message);
    });
    return {
      provides: [bind(NetBackendToken, uplink)],
      pause: () => uplink.hold(),
      resume: () => uplink.release(),
      reset: () => uplink.flush(),
      dispose: () => uplink.close(),
    };
  },
});

export default netWebSocket;
export { errorTable } from './errors.ts';
export type { Later, OpenSocket, Socket, SocketEvent } from './socket.ts';
export { SUBPROTOCOL } from './subprotocol.ts';
export {
  type DropReason,
  type UplinkListener,
  type UplinkSettings,
  type UplinkState,
  WebSocketUplink,
} from './uplink.ts';
