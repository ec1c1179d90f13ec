import type { Ipv6Address } from './addresses.ts';
import { read128, read16, read32, write128, write16, write32 } from './bytes.ts';

export const IPV6_HEADER = 40;

/** The fixed header of RFC 8200, section 3. */
export interface Ipv6Header {
  readonly source: Ipv6Address;
  readonly destination: Ipv6Address;
  /** Protocol of what follows: an extension header, or the payload. */
  readonly nextHeader: number;
  /** Bytes behind this header. */
  readonly payloadLength: number;
  /** 64 when absent. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
}

/** As {@link parseIpv4}: undefined when cut short, of another version, or claiming more than there is. */
export const parseIpv6 = (bytes: Uint8Array, start = 0, end = bytes.length): Required<Ipv6Header> | undefined => {
  if (bytes.length < start + IPV6_HEADER || end < start + IPV6_HEADER) return undefined;
  const first = read32(bytes, start);
  const payloadLength = read16(bytes, start + 4);
  if (first >>> 28 !== 6 || start + IPV6_HEADER + payloadLength > end) return undefined;
  return {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xf_ffff,
    payloadLength,
    nextHeader: bytes[start + 6] ?? 0,
    hopLimit: bytes[start + 7] ?? 0,
    source: read128(bytes, start + 8),
    destination: read128(bytes, start + 24),
  };
};

/** Writes the header and returns where it ends. */
export const writeIpv6 = (bytes: Uint8Array, start: number, header: Ipv6Header): number => {
  write32(bytes, start, (6 << 28) | ((header.trafficClass ?? 0) << 20) | (header.flowLabel ?? 0));
  write16(bytes, start + 4, header.payloadLength);
  bytes[start + 6] = header.nextHeader;
  bytes[start + 7] = header.hopLimit ?? 64;
  write128(bytes, start + 8, header.source);
  write128(bytes, start + 24, header.destination);
  return start + IPV6_HEADER;
};
