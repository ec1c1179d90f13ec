/**
 * Network packets as values: parsers that answer `undefined` to garbage and never throw, writers that put headers where
 * they are told, the Internet checksum, offloads done in software, and captures. Addresses are numbers (IPv6: bigint).
 * Nothing here keeps state or knows a network.
 *
 * Specifications: Ethernet and VLAN tags IEEE 802.3 and 802.1Q; ARP RFC 826; IPv4 RFC 791; IPv6 RFC 8200; ICMP RFC 792;
 * UDP RFC 768; TCP RFC 9293 and 7323; DHCP RFC 2131 and 2132; DNS RFC 1035; checksum RFC 1071; pcapng
 * draft-ietf-opsawg-pcapng.
 *
 * @example
 * import { BROADCAST_MAC, parseEthernet, parseIpv4, parseUdp, udpFrame } from '@vivarium/net-packet';
 *
 * const ends = { sourceMac: 0x5254_0012_3456, destinationMac: BROADCAST_MAC, source: 0x0a00_020f, destination: 0xffff_ffff };
 * const frame = udpFrame(ends, 68, 67, new Uint8Array(3));
 * const ethernet = parseEthernet(frame);
 * const ip = parseIpv4(frame, ethernet?.length);
 * parseUdp(frame, (ethernet?.length ?? 0) + (ip?.headerLength ?? 0))?.destinationPort; // 67
 *
 * @module
 */
export * from './addresses.ts';
export * from './arp.ts';
export { concatenate, read16, read32, read48, write16, write32, write48 } from './bytes.ts';
export * from './checksum.ts';
export * from './dhcp.ts';
export * from './dns.ts';
export { encodeDnsName, readDnsName } from './dns-name.ts';
export * from './ethernet.ts';
export { finishFrame } from './finish-frame.ts';
export { copyFrame, copyPieces, frameOf, isWhole, slicePieces } from './frame-bytes.ts';
export * from './frames.ts';
export * from './icmp.ts';
export * from './ipv4.ts';
export * from './ipv6.ts';
export * from './pcapng.ts';
export * from './tcp.ts';
export * from './udp.ts';
