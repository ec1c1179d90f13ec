import type { MacAddress } from './addresses.ts';
import { read16, read48, write16, write48 } from './bytes.ts';

/** Values of the type field (IEEE 802 Numbers registry of IANA). */
export const EtherType = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const;

/** Header without tag, in bytes. */
export const ETHERNET_HEADER = 14;
/** A tag of IEEE 802.1Q, in bytes. */
export const VLAN_TAG = 4;

/** Tag control information of IEEE 802.1Q, section 9.6. */
export interface VlanTag {
  /** 0 is "no VLAN, priority only", 4095 is reserved. */
  readonly id: number;
  readonly priority: number;
  readonly dropEligible: boolean;
}

export interface EthernetHeader {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly tag?: VlanTag;
  /** Type of the payload: the one behind the tag, when there is a tag. Values below 1536 are a length (IEEE 802.3). */
  readonly type: number;
}

const parseTag = (control: number): VlanTag => ({
  id: control & 0xfff,
  priority: control >>> 13,
  dropEligible: (control & 0x1000) !== 0,
});

/** The header at the start of `frame`, and its length; undefined when it is cut short. */
export const parseEthernet = (
  frame: Uint8Array,
): { readonly header: EthernetHeader; readonly length: number } | undefined => {
  if (frame.length < ETHERNET_HEADER) return undefined;
  const destination = read48(frame, 0);
  const source = read48(frame, 6);
  const type = read16(frame, 12);
  if (type !== EtherType.vlan) return { header: { destination, source, type }, length: ETHERNET_HEADER };
  if (frame.length < ETHERNET_HEADER + VLAN_TAG) return undefined;
  const tag = parseTag(read16(frame, 14));
  return { header: { destination, source, tag, type: read16(frame, 16) }, length: ETHERNET_HEADER + VLAN_TAG };
};

export const ethernetLength = (header: EthernetHeader): number =>
  header.tag === undefined ? ETHERNET_HEADER : ETHERNET_HEADER + VLAN_TAG;

/** Writes the header and returns where it ends. */
export const writeEthernet = (frame: Uint8Array, header: EthernetHeader): number => {
  write48(frame, 0, header.destination);
  write48(frame, 6, header.source);
  const { tag } = header;
  if (tag === undefined) {
    write16(frame, 12, header.type);
    return ETHERNET_HEADER;
  }
  write16(frame, 12, EtherType.vlan);
  writeVlanControl(frame, 14, tag);
  write16(frame, 16, header.type);
  return ETHERNET_HEADER + VLAN_TAG;
};

/** Writes the two bytes behind the tag's type. */
export const writeVlanControl = (bytes: Uint8Array, at: number, tag: VlanTag): void =>
  write16(bytes, at, (tag.priority << 13) | (tag.dropEligible ? 0x1000 : 0) | tag.id);
