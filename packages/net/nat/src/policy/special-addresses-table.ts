import { type Ipv4Block, parseIpv4Block } from '@vivarium/net-packet';

/**
 * Blocks that are not for everybody (IANA IPv4 Special-Purpose Address Registry, RFC 6890).
 *
 * - `local`: means something on one host or one link only; among them are the metadata services of clouds, which give
 *   credentials to whoever asks
 * - `private`: other people's networks behind the host, and ranges that are not routed in the Internet
 */
const ROWS = [
  ['0.0.0.0/8', 'local'],
  ['127.0.0.0/8', 'local'],
  ['169.254.0.0/16', 'local'],
  ['224.0.0.0/4', 'local'],
  ['240.0.0.0/4', 'local'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'private'],
  ['192.0.2.0/24', 'private'],
  ['192.88.99.0/24', 'private'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'private'],
  ['198.51.100.0/24', 'private'],
  ['203.0.113.0/24', 'private'],
] as const;

export interface SpecialBlock {
  readonly block: Ipv4Block;
  readonly kind: 'local' | 'private';
}

export const SPECIAL_BLOCKS: readonly SpecialBlock[] = ROWS.flatMap(([text, kind]) => {
  const block = parseIpv4Block(text);
  return block === undefined ? [] : [{ block, kind }];
});
