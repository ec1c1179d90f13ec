/**
 * The relay of an uplink, over Node and the `ws` library: lets clients with the right token, from pages of the right
 * origin, into a network of the host.
 *
 * @example
 * import { randomBytes } from 'node:crypto';
 * import { createSwitch } from '@vivarium/net-switch';
 * import { createRelay } from '@vivarium/net-websocket/node';
 *
 * const lan = createSwitch();
 * const token = randomBytes(24).toString('base64url');
 * const relay = createRelay({
 *   token,
 *   place: () => {
 *     const port = lan.port();
 *     return { backend: port, leave: () => lan.remove(port) };
 *   },
 * });
 * const { port } = await relay.listen();
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { transferLimits } from '@vivarium/token-bucket';
import * as z from 'zod';
import { Relay, type RelayPlace } from './node/relay.ts';
import { TOKEN } from './subprotocol.ts';

const MEBIBYTE = 1024 * 1024;

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Options of {@link createRelay}. */
export const relayOptions = z.strictObject({
  /** Gives a client that was let in a place in the network: a port of a switch, mostly. */
  place: z.custom<(request: IncomingMessage) => RelayPlace>(isFunction, 'must be a function'),
  /** What a client must know: 16 to 128 letters, digits and `.`, `_`, `~`, `-`. */
  token: z.string().regex(TOKEN, 'must be 16 to 128 letters, digits and . _ ~ -'),
  /** Origins of pages that may connect; `same`, the default, is that under which the relay is reached. */
  origins: z.union([z.literal('same'), z.array(z.string())]).default('same'),
  /** What else a request must be: from the host itself, for instance. */
  admits: z.custom<(request: IncomingMessage) => boolean>(isFunction, 'must be a function').optional(),
  /** Most clients at a time. */
  clients: z.int().min(1).max(4096).default(16),
  /** Largest packet, in bytes, without the Ethernet header; a client that sends a larger message is cut off. */
  mtu: z.int().min(68).max(65_535).default(1500),
  /** What each client may send; it is read no faster. */
  rate: transferLimits.default({
    bytes: { rate: 64 * MEBIBYTE, burst: 4 * MEBIBYTE },
    operations: { rate: 50_000, burst: 5000 },
  }),
  /** Frames of a client that wait for the network. */
  queue: z
    .strictObject({
      frames: z.int().min(1).max(65_536).default(1024),
      bytes: z
        .int()
        .min(1)
        .max(1024 * MEBIBYTE)
        .default(MEBIBYTE),
    })
    .prefault({}),
  /** Bytes for a client that wait in its socket, before the network has to keep them. */
  buffer: z
    .int()
    .min(1)
    .max(1024 * MEBIBYTE)
    .default(MEBIBYTE),
  /** Milliseconds after which a client that gives no sign of life is gone. */
  silence: z.int().min(100).max(3_600_000).default(30_000),
});

/** What {@link createRelay} takes. */
export type RelayOptions = z.input<typeof relayOptions>;

/** Makes a relay; `listen` or `upgrade` brings it clients. Throws what the schema finds in the options. */
export const createRelay = (options: RelayOptions): Relay => new Relay(relayOptions.parse(options));

export type { Refusal } from './node/admission.ts';
export { Relay, type RelayAddress, type RelayPlace, type RelaySettings } from './node/relay.ts';
export type { RelayDrop } from './node/relay-client.ts';
