/**
 * Links for datagrams over Node's own sockets.
 *
 * @example
 * import { openUdpLink } from '@vivarium/net-datagram/node';
 *
 * await using link = await openUdpLink({ local: { port: 5001 }, remote: { port: 5002 } });
 * console.log(link.port);
 *
 * @module
 */
export { openTapLink, type TapLink, type TapOptions } from './node/tap-link.ts';
export { openUdpLink, type UdpLink, type UdpLinkOptions } from './node/udp-link.ts';
