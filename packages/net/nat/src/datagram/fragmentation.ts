import {
  type Ends,
  ETHERNET_HEADER,
  EtherType,
  IPV4_FRAME_HEADERS,
  IPV4_HEADER,
  writeEthernet,
  writeIpv4,
} from '@vivarium/net-packet';

/** Cuts an IPv4 frame that is longer than the link takes into frames with pieces of it (RFC 791, section 3.2). */
export const fragmentFrame = (
  frame: Uint8Array,
  ends: Ends,
  protocol: number,
  identification: number,
  mtu: number,
): Uint8Array[] => {
  if (frame.length <= ETHERNET_HEADER + mtu) return [frame];
  // Offsets are in units of eight bytes.
  const size = (mtu - IPV4_HEADER) & ~7;
  const frames: Uint8Array[] = [];
  for (let start = IPV4_FRAME_HEADERS; start < frame.length; start += size) {
    const payload = frame.subarray(start, start + size);
    const piece = new Uint8Array(IPV4_FRAME_HEADERS + payload.length);
    writeEthernet(piece, { destination: ends.destinationMac, source: ends.sourceMac, type: EtherType.ipv4 });
    writeIpv4(piece, ETHERNET_HEADER, {
      source: ends.source,
      destination: ends.destination,
      protocol,
      totalLength: IPV4_HEADER + payload.length,
      identification,
      moreFragments: start + size < frame.length,
      fragmentOffset: start - IPV4_FRAME_HEADERS,
    });
    piece.set(payload, IPV4_FRAME_HEADERS);
    frames.push(piece);
  }
  return frames;
};
