import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createNat } from '@vivarium/net-nat';
import { nodeHostNetwork } from '@vivarium/net-nat/node';
import { hostClock } from '@vivarium/net-switch';
import { createRelay, type RelayPlace } from '@vivarium/net-websocket/node';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { errors } from '../errors.ts';
import { UPLINK_PATH, type UplinkDescription } from '../uplink-description.ts';
import { sendJson } from './json-response.ts';

/** How far machines of the page get: nowhere, to public addresses, or to whatever the host reaches, itself included. */
export type UplinkMode = 'off' | 'public' | 'open';

const SOCKET_PATH = '/uplink';
/** Browsers with the page. */
const MOST_CLIENTS = 4;

const MODES: readonly UplinkMode[] = ['off', 'public', 'open'];

/** Reads a mode; none is `off`. Throws `VIV_SHELL_UPLINK`. */
export const uplinkMode = (text = 'off'): UplinkMode => {
  const mode = MODES.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw errors.make('VIV_SHELL_UPLINK', `VIVARIUM_UPLINK is ${text}, and not one of ${MODES.join(', ')}`);
};

/**
 * Only the host's own browsers, and by a name that leads nowhere else: a server that listens for others, too, does not
 * lend them the host's network, nor does a name of theirs that leads here.
 */
export const isOfThisHost = ({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean => {
  const address = socket.remoteAddress ?? '';
  const isLoopback = address === '::1' || /^(::ffff:)?127\./.test(address);
  return isLoopback && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(headers.host ?? '');
};

/** A network of its own for each browser: a translator of addresses, and nothing else. */
const place = (mode: UplinkMode): RelayPlace => {
  const clock = hostClock();
  const nat = createNat(
    {
      host: nodeHostNetwork(),
      hostLoopback: mode === 'open',
      egress: { mode: mode === 'open' ? 'open' : 'public' },
    },
    { clock, timer: (expired) => clock.timer(expired) },
  );
  return { backend: nat, leave: () => nat.dispose() };
};

const serve = (mode: UplinkMode, { middlewares, httpServer }: ViteDevServer | PreviewServer): void => {
  let description: UplinkDescription = { state: 'off' };
  if (mode !== 'off' && httpServer !== null) {
    const token = randomBytes(24).toString('base64url');
    const relay = createRelay({ token, admits: isOfThisHost, clients: MOST_CLIENTS, place: () => place(mode) });
    httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url === SOCKET_PATH) relay.upgrade(request, socket, head);
    });
    httpServer.once('close', () => void relay.close());
    description = { state: 'ready', path: SOCKET_PATH, token };
  }
  middlewares.use((request, response, next) => {
    if (request.url !== UPLINK_PATH) next();
    else sendJson(response, isOfThisHost(request) ? description : { state: 'off' });
  });
};

/** Vite plugin: lets machines of the page into the host's network, as far as `mode` says. */
export const uplinkServer = (mode: UplinkMode): Plugin => ({
  name: 'vivarium-uplink-server',
  configureServer: (server) => serve(mode, server),
  configurePreviewServer: (server) => serve(mode, server),
});
