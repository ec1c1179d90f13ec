import type { IncomingMessage } from 'node:http';
import type { Principal } from '@vivarium/control';
import { errors } from '../errors.ts';
import type { Tokens } from './tokens.ts';

/** Says who asks. */
export interface Guard {
  /** The way in, for the audit log. */
  readonly via: string;
  /** Throws coded errors for whoever is not let in. */
  admit(request: IncomingMessage): Principal;
  /** What browsers want to know before a page of another origin may read answers. */
  cors(request: IncomingMessage): Readonly<Record<string, string>>;
}

/** Whoever may open the socket is the user whose it is. */
export const ownerGuard = (name: string): Guard => ({
  via: 'unix',
  admit: () => ({ name, role: 'admin', via: 'unix' }),
  cors: () => ({}),
});

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
/** Browsers let pages choose nothing of a WebSocket's header but its subprotocols. */
const SUBPROTOCOL = /^vivarium\.bearer\.([A-Za-z0-9_-]{1,1024})$/;

const tokenOf = ({ headers }: IncomingMessage): string | undefined => {
  const bearer = /^Bearer +(\S{1,1024})$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const coded = offered.flatMap((name) => SUBPROTOCOL.exec(name)?.[1] ?? [])[0];
  return coded === undefined ? undefined : Buffer.from(coded, 'base64url').toString();
};

/**
 * Over TCP a token says who asks. A web page that has its own name lead to the loopback (DNS rebinding) is known by that
 * name, and any page by its origin.
 */
export const tokenGuard = (tokens: Tokens, origins: readonly string[]): Guard => {
  const allowed = ({ headers: { origin } }: IncomingMessage): boolean =>
    origin !== undefined && origins.includes(origin);
  return {
    via: 'tcp',
    admit: (request) => {
      const { host, origin } = request.headers;
      if (!LOOPBACK.test(host ?? '')) {
        throw errors.make('VIV_DAEMON_ORIGIN', `the host that is asked for is ${JSON.stringify(host?.slice(0, 128))}`);
      }
      if (origin !== undefined && !allowed(request)) {
        throw errors.make('VIV_DAEMON_ORIGIN', `pages of ${JSON.stringify(origin.slice(0, 128))} are not let in`);
      }
      const token = tokenOf(request);
      if (token === undefined) throw errors.make('VIV_DAEMON_UNAUTHENTICATED', 'the request has no token');
      const holder = tokens.holderOf(token);
      if (holder === undefined) throw errors.make('VIV_DAEMON_UNAUTHENTICATED', 'nobody has this token');
      return { ...holder, via: 'tcp' };
    },
    cors: (request) =>
      allowed(request)
        ? {
            'access-control-allow-origin': request.headers.origin ?? '',
            'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
            'access-control-allow-headers': 'authorization, content-type',
            vary: 'origin',
          }
        : {},
  };
};
