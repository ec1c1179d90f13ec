import type { Ipv4Address, MacAddress } from './addresses.ts';
import { ARP_LENGTH, type ArpPacket, writeArp } from './arp.ts';
import { write16 } from './bytes.ts';
import { complement, pseudoHeader4, sumWords } from './checksum.ts';
import { ETHERNET_HEADER, EtherType, writeEthernet } from './ethernet.ts';
import { ICMP_HEADER, type IcmpMessage, writeIcmp } from './icmp.ts';
import { IPV4_HEADER, IpProtocol, writeIpv4 } from './ipv4.ts';
import { TCP_CHECKSUM_OFFSET, type TcpHeader, tcpHeaderLength, writeTcp } from './tcp.ts';
import { finishUdp, UDP_HEADER, writeUdp } from './udp.ts';

/** Who sends a packet to whom. */
export interface Ends {
  readonly sourceMac: MacAddress;
  readonly destinationMac: MacAddress;
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
}

/** What the IP header says besides. */
export interface PacketOptions {
  readonly identification?: number;
  readonly ttl?: number;
  readonly dontFragment?: boolean;
}

/** Headers of Ethernet and IPv4 without options, in bytes. */
export const IPV4_FRAME_HEADERS = ETHERNET_HEADER + IPV4_HEADER;

/** Writes Ethernet and IPv4 headers into `frame`; the payload has `length` bytes. Returns where it begins. */
export const writeIpv4Frame = (
  frame: Uint8Array,
  ends: Ends,
  protocol: number,
  length: number,
  options: PacketOptions = {},
): number => {
  writeEthernet(frame, { destination: ends.destinationMac, source: ends.sourceMac, type: EtherType.ipv4 });
  const { source, destination } = ends;
  const header = { source, destination, protocol, totalLength: IPV4_HEADER + length, ...options };
  return writeIpv4(frame, ETHERNET_HEADER, header);
};

/** A finished frame with an ARP packet, from `packet.senderMac`. */
export const arpFrame = (destination: MacAddress, packet: ArpPacket): Uint8Array => {
  const frame = new Uint8Array(ETHERNET_HEADER + ARP_LENGTH);
  const start = writeEthernet(frame, { destination, source: packet.senderMac, type: EtherType.arp });
  writeArp(frame, start, packet);
  return frame;
};

/** A finished frame with a UDP datagram. */
export const udpFrame = (
  ends: Ends,
  sourcePort: number,
  destinationPort: number,
  payload: Uint8Array,
  options: PacketOptions = {},
): Uint8Array => {
  const frame = new Uint8Array(IPV4_FRAME_HEADERS + UDP_HEADER + payload.length);
  const length = UDP_HEADER + payload.length;
  const start = writeIpv4Frame(frame, ends, IpProtocol.udp, length, options);
  frame.set(payload, writeUdp(frame, start, { sourcePort, destinationPort, length, checksum: 0 }));
  finishUdp(frame, start, frame.length, pseudoHeader4(ends.source, ends.destination, IpProtocol.udp, length));
  return frame;
};

/** A finished frame with an ICMP message. */
export const icmpFrame = (ends: Ends, message: IcmpMessage, options: PacketOptions = {}): Uint8Array => {
  const frame = new Uint8Array(IPV4_FRAME_HEADERS + ICMP_HEADER + message.data.length);
  const start = writeIpv4Frame(frame, ends, IpProtocol.icmp, ICMP_HEADER + message.data.length, options);
  writeIcmp(frame, start, message);
  return frame;
};

/** A finished frame with a TCP segment. */
export const tcpFrame = (
  ends: Ends,
  header: TcpHeader,
  payload: Uint8Array = new Uint8Array(0),
  options: PacketOptions = {},
): Uint8Array => {
  const length = tcpHeaderLength(header) + payload.length;
  const frame = new Uint8Array(IPV4_FRAME_HEADERS + length);
  const start = writeIpv4Frame(frame, ends, IpProtocol.tcp, length, options);
  frame.set(payload, writeTcp(frame, start, { ...header, checksum: 0 }));
  const pseudo = pseudoHeader4(ends.source, ends.destination, IpProtocol.tcp, length);
  write16(frame, start + TCP_CHECKSUM_OFFSET, complement(sumWords(frame, start, frame.length, pseudo)));
  return frame;
};
