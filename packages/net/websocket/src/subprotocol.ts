/** What client and relay speak: one Ethernet frame in each binary message, without preamble and check sequence. */
export const SUBPROTOCOL = 'vivarium.ethernet.v1';

/**
 * The token is offered as a second subprotocol, which the relay never chooses: a browser cannot send a header of its
 * own, and an address would end up in logs.
 */
export const TOKEN_PREFIX = 'vivarium.token.';

/** Characters of a token (RFC 9110, section 5.6.2), and how many. */
export const TOKEN = /^[A-Za-z0-9._~-]{16,128}$/;
