import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SUBPROTOCOL, TOKEN_PREFIX } from '../subprotocol.ts';

/** Who is let in. */
export interface AdmissionRules {
  readonly token: string;
  /** Origins of pages (`https://example.org`); `same`: that of the relay's own address. */
  readonly origins: 'same' | readonly string[];
  /** What else a request must be. */
  readonly admits?: ((request: IncomingMessage) => boolean) | undefined;
}

/** Why somebody is not let in: the status of the answer (RFC 9110, section 15). */
export type Refusal = 400 | 401 | 403;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The time that it takes says nothing of where two texts differ. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

/**
 * Whether a page of this origin may connect. A request without an origin comes from no browser, which always says it
 * (https://fetch.spec.whatwg.org/#origin-header): the token is all that there is to check.
 */
const isOrigin = (origins: AdmissionRules['origins'], { headers }: IncomingMessage): boolean => {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return origins === 'same' ? host !== undefined && hostOf(origin) === host.toLowerCase() : origins.includes(origin);
};

/** Undefined: let in. */
export const admission = (rules: AdmissionRules, request: IncomingMessage): Refusal | undefined => {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  if (!isOrigin(rules.origins, request) || rules.admits?.(request) === false) return 403;
  const token = offered.find((each) => each.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length) ?? '';
  if (!isSame(token, rules.token)) return 401;
  return offered.includes(SUBPROTOCOL) ? undefined : 400;
};
