// Hot: builds each segment for the guest.
import type { NetFrame, NetOffloads } from '@vivarium/contracts';
import {
  complement,
  type Ends,
  IPV4_FRAME_HEADERS,
  IPV4_HEADER,
  IpProtocol,
  pseudoHeader4,
  sumPieces,
  TCP_CHECKSUM_OFFSET,
  TCP_HEADER,
  type TcpHeader,
  tcpHeaderLength,
  write16,
  writeIpv4Frame,
  writeTcp,
} from '@vivarium/net-packet';

const LONGEST_PACKET = 65_535;

/** Bytes that a segment for such a receiver may carry: many segments at once when it cuts them itself. */
export const segmentLimit = (accepts: NetOffloads, segment: number): number => {
  if (accepts.tcp4 !== true || accepts.checksum !== true) return segment;
  const most = LONGEST_PACKET - IPV4_HEADER - TCP_HEADER;
  return Math.max(segment, most - (most % segment));
};

/** A frame with one segment; what the receiver does not do by itself is done. The payload is not copied. */
export const segmentFrame = (
  ends: Ends,
  header: TcpHeader,
  payload: readonly Uint8Array[],
  length: number,
  segment: number,
  accepts: NetOffloads,
): NetFrame => {
  const tcpLength = tcpHeaderLength(header) + length;
  const head = new Uint8Array(IPV4_FRAME_HEADERS + tcpLength - length);
  const start = writeIpv4Frame(head, ends, IpProtocol.tcp, tcpLength, { dontFragment: true });
  const pseudo = pseudoHeader4(ends.source, ends.destination, IpProtocol.tcp, tcpLength);
  writeTcp(head, start, accepts.checksum === true ? { ...header, checksum: pseudo } : header);
  const frame = { pieces: [head, ...payload], length: head.length + length };
  if (accepts.checksum !== true) {
    write16(head, start + TCP_CHECKSUM_OFFSET, complement(sumPieces(frame.pieces, start, frame.length, pseudo)));
    return frame;
  }
  const checksum = { start, offset: TCP_CHECKSUM_OFFSET };
  if (length <= segment) return { ...frame, offload: { checksum } };
  return {
    ...frame,
    offload: { checksum, segment: { protocol: 'tcp4', size: segment, headerLength: head.length } },
  };
};
