import type { NetFrame, NetOffloads } from '@vivarium/contracts';
import { read16, read32, write16, write32 } from './bytes.ts';
import { complement, fold, pseudoHeader4, pseudoHeader6, sumPieces, sumWords } from './checksum.ts';
import { EtherType, parseEthernet } from './ethernet.ts';
import { copyPieces, slicePieces } from './frame-bytes.ts';
import { IpProtocol, parseIpv4 } from './ipv4.ts';
import { IPV6_HEADER, parseIpv6 } from './ipv6.ts';
import { parseTcp, TCP_CHECKSUM_OFFSET, TcpFlag } from './tcp.ts';

/** Ethernet with a tag, and the longest headers of IPv4 and TCP. */
const LONGEST_HEADERS = 18 + 60 + 60;
/** Below it, a few bytes of payload would cost a whole header each: no link has so short segments (RFC 9293, 3.7.1). */
const SHORTEST_SEGMENT = 64;
/** No IP packet is longer. */
const LONGEST_PACKET = 65_535;

/** Where the headers of a TCP segment begin, and the sum of its pseudo header without the length. */
interface Layout {
  readonly head: Uint8Array;
  readonly version: 4 | 6;
  readonly ip: number;
  readonly tcp: number;
  readonly payload: number;
  readonly addresses: number;
}

/**
 * Reads the headers. The length field of an IPv4 packet that is to be cut may be of the whole, as senders leave it;
 * what the frame claims about its header is a hint, and the headers themselves decide.
 */
const readLayout = (frame: NetFrame): Layout | undefined => {
  const head = new Uint8Array(Math.min(LONGEST_HEADERS, frame.length));
  if (copyPieces(frame.pieces, 0, head.length, head) < head.length) return undefined;
  const ethernet = parseEthernet(head);
  if (ethernet === undefined) return undefined;
  const ip = ethernet.length;
  if (ethernet.header.type === EtherType.ipv4) {
    // Length and checksum are written anew; senders may leave either unfinished.
    const headerLength = ((head[ip] ?? 0) & 0xf) * 4;
    if (frame.length - ip > LONGEST_PACKET || head.length < ip + Math.max(headerLength, 20)) return undefined;
    finishIpv4(head, ip, frame.length - ip);
    const header = parseIpv4(head, ip, frame.length);
    if (header?.protocol !== IpProtocol.tcp || header.moreFragments || header.fragmentOffset > 0) return undefined;
    const tcp = ip + header.headerLength;
    const segment = parseTcp(head, tcp, frame.length);
    if (segment === undefined) return undefined;
    const addresses = pseudoHeader4(header.source, header.destination, IpProtocol.tcp, 0);
    return { head, version: 4, ip, tcp, payload: tcp + segment.headerLength, addresses };
  }
  if (ethernet.header.type !== EtherType.ipv6 || head.length < ip + IPV6_HEADER) return undefined;
  if (frame.length - ip - IPV6_HEADER > LONGEST_PACKET) return undefined;
  write16(head, ip + 4, frame.length - ip - IPV6_HEADER);
  const header = parseIpv6(head, ip, frame.length);
  if (header?.nextHeader !== IpProtocol.tcp) return undefined;
  const tcp = ip + IPV6_HEADER;
  const segment = parseTcp(head, tcp, frame.length);
  if (segment === undefined) return undefined;
  const addresses = pseudoHeader6(header.source, header.destination, IpProtocol.tcp, 0);
  return { head, version: 6, ip, tcp, payload: tcp + segment.headerLength, addresses };
};

const finishIpv4 = (header: Uint8Array, start: number, totalLength: number): void => {
  const length = ((header[start] ?? 0) & 0xf) * 4;
  write16(header, start + 2, totalLength);
  write16(header, start + 10, 0);
  write16(header, start + 10, complement(sumWords(header, start, start + length)));
};

/**
 * Cuts a TCP segment into frames that carry at most `size` bytes each, as the hardware does that this stands for:
 * sequence numbers and IPv4 identifications go on, FIN and PSH stay with the last piece, CWR with the first
 * (RFC 3168, section 6.1.2). The payload is not copied. Nothing comes back for what is no TCP segment.
 */
export const cutSegment = (frame: NetFrame, size: number, accepts: NetOffloads): NetFrame[] => {
  const layout = size >= SHORTEST_SEGMENT ? readLayout(frame) : undefined;
  if (layout === undefined) return [];
  const { head, ip, tcp, payload, version, addresses } = layout;
  const sequence = read32(head, tcp + 4);
  const identification = read16(head, ip + 4);
  const flags = head[tcp + 13] ?? 0;
  const frames: NetFrame[] = [];
  for (let start = payload; start < frame.length || frames.length === 0; start += size) {
    const end = Math.min(start + size, frame.length);
    const isLast = end === frame.length;
    const header = head.slice(0, payload);
    if (version === 4) {
      write16(header, ip + 4, identification + frames.length);
      finishIpv4(header, ip, payload - ip + end - start);
    } else {
      write16(header, ip + 4, payload - tcp + end - start);
    }
    write32(header, tcp + 4, sequence + start - payload);
    header[tcp + 13] = flags & ~(isLast ? 0 : TcpFlag.fin | TcpFlag.psh) & ~(frames.length === 0 ? 0 : TcpFlag.cwr);
    const pseudo = addresses + payload - tcp + end - start;
    const pieces = [header, ...slicePieces(frame.pieces, start, end)];
    const length = payload + end - start;
    if (accepts.checksum === true) {
      write16(header, tcp + TCP_CHECKSUM_OFFSET, fold(pseudo));
      frames.push({ pieces, length, offload: { checksum: { start: tcp, offset: TCP_CHECKSUM_OFFSET } } });
      continue;
    }
    write16(header, tcp + TCP_CHECKSUM_OFFSET, 0);
    write16(header, tcp + TCP_CHECKSUM_OFFSET, complement(sumPieces(pieces, tcp, length, pseudo)));
    frames.push({ pieces, length });
  }
  return frames;
};
