import type { Ipv4Address } from './addresses.ts';
import { read16, read32, write16, write32 } from './bytes.ts';
import { checksum } from './checksum.ts';

/** Numbers of IANA's registry of protocols. */
export const IpProtocol = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** Header without options, in bytes. */
export const IPV4_HEADER = 20;

/** The header of RFC 791, section 3.1. */
export interface Ipv4Header {
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly protocol: number;
  /** Header and payload, in bytes. */
  readonly totalLength: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** Place of the payload in the whole datagram, in bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** Time to live; 64 when absent. */
  readonly ttl?: number;
  /** Differentiated services and congestion notification. */
  readonly trafficClass?: number;
  /** Option bytes as they are, a multiple of 4. */
  readonly options?: Uint8Array;
}

/** A header that was read: nothing is absent but options. */
export type ParsedIpv4 = Required<Omit<Ipv4Header, 'options'>> & {
  readonly options?: Uint8Array;
  readonly headerLength: number;
};

/**
 * The header at `start`, of a packet that ends at `end`: `bytes` may hold only its first part. Undefined when it is
 * cut short, is not version 4, has a wrong checksum, or claims more than there is. Padding behind it is no error.
 */
export const parseIpv4 = (bytes: Uint8Array, start = 0, end = bytes.length): ParsedIpv4 | undefined => {
  if (bytes.length < start + IPV4_HEADER || end < start + IPV4_HEADER) return undefined;
  const first = bytes[start] ?? 0;
  const headerLength = (first & 0xf) * 4;
  const totalLength = read16(bytes, start + 2);
  if (first >>> 4 !== 4 || headerLength < IPV4_HEADER || bytes.length < start + headerLength) return undefined;
  if (totalLength < headerLength || start + totalLength > end) return undefined;
  if (checksum(bytes, start, start + headerLength) !== 0) return undefined;
  const fragment = read16(bytes, start + 6);
  const header: ParsedIpv4 = {
    headerLength,
    totalLength,
    trafficClass: bytes[start + 1] ?? 0,
    identification: read16(bytes, start + 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    ttl: bytes[start + 8] ?? 0,
    protocol: bytes[start + 9] ?? 0,
    source: read32(bytes, start + 12),
    destination: read32(bytes, start + 16),
  };
  if (headerLength === IPV4_HEADER) return header;
  return { ...header, options: bytes.slice(start + IPV4_HEADER, start + headerLength) };
};

export const ipv4HeaderLength = (header: Ipv4Header): number => IPV4_HEADER + (header.options?.length ?? 0);

/** Writes the header with its checksum and returns where it ends. */
export const writeIpv4 = (bytes: Uint8Array, start: number, header: Ipv4Header): number => {
  const length = ipv4HeaderLength(header);
  bytes[start] = 0x40 | (length / 4);
  bytes[start + 1] = header.trafficClass ?? 0;
  write16(bytes, start + 2, header.totalLength);
  write16(bytes, start + 4, header.identification ?? 0);
  const flags = (header.dontFragment === true ? 0x4000 : 0) | (header.moreFragments === true ? 0x2000 : 0);
  write16(bytes, start + 6, flags | ((header.fragmentOffset ?? 0) >>> 3));
  bytes[start + 8] = header.ttl ?? 64;
  bytes[start + 9] = header.protocol;
  write16(bytes, start + 10, 0);
  write32(bytes, start + 12, header.source);
  write32(bytes, start + 16, header.destination);
  if (header.options !== undefined) bytes.set(header.options, start + IPV4_HEADER);
  write16(bytes, start + 10, checksum(bytes, start, start + length));
  return start + length;
};
