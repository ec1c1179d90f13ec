import type { Ipv4Address, MacAddress } from './addresses.ts';
import { read16, read32, read48, write16, write32, write48 } from './bytes.ts';
import { EtherType } from './ethernet.ts';

/** Opcodes of RFC 826. */
export const ArpOperation = { request: 1, reply: 2 } as const;

/** Bytes of a packet for Ethernet and IPv4. */
export const ARP_LENGTH = 28;

/** Address resolution of IPv4 over Ethernet (RFC 826). */
export interface ArpPacket {
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly sender: Ipv4Address;
  readonly targetMac: MacAddress;
  readonly target: Ipv4Address;
}

/** Hardware type 1 is Ethernet; lengths of its addresses and of IPv4's follow the protocol. */
const isEthernetIpv4 = (bytes: Uint8Array, start: number): boolean =>
  read16(bytes, start) === 1 && read16(bytes, start + 2) === EtherType.ipv4 && read16(bytes, start + 4) === 0x0604;

/** Undefined when cut short, or not about IPv4 over Ethernet. */
export const parseArp = (bytes: Uint8Array, start = 0): ArpPacket | undefined => {
  if (bytes.length < start + ARP_LENGTH || !isEthernetIpv4(bytes, start)) return undefined;
  return {
    operation: read16(bytes, start + 6),
    senderMac: read48(bytes, start + 8),
    sender: read32(bytes, start + 14),
    targetMac: read48(bytes, start + 18),
    target: read32(bytes, start + 24),
  };
};

/** Writes the packet and returns where it ends. */
export const writeArp = (bytes: Uint8Array, start: number, packet: ArpPacket): number => {
  write16(bytes, start, 1);
  write16(bytes, start + 2, EtherType.ipv4);
  write16(bytes, start + 4, 0x0604);
  write16(bytes, start + 6, packet.operation);
  write48(bytes, start + 8, packet.senderMac);
  write32(bytes, start + 14, packet.sender);
  write48(bytes, start + 18, packet.targetMac);
  write32(bytes, start + 24, packet.target);
  return start + ARP_LENGTH;
};
