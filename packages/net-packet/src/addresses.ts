/** A MAC address as a number of 48 bits: exact, and a key of a Map. */
export type MacAddress = number;
/** An IPv4 address as an unsigned number of 32 bits. */
export type Ipv4Address = number;
/** An IPv6 address as 128 bits. */
export type Ipv6Address = bigint;

export const BROADCAST_MAC: MacAddress = 0xffff_ffff_ffff;

/** The group bit (IEEE 802, section 8.2.2): multicast, or broadcast. */
export const isGroupMac = (mac: MacAddress): boolean => (Math.floor(mac / 2 ** 40) & 1) === 1;

/** `52:54:00:12:34:56` → number; undefined when it is no MAC address. */
export const parseMac = (text: string): MacAddress | undefined =>
  /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(text) ? Number.parseInt(text.replaceAll(/[:-]/g, ''), 16) : undefined;

export const formatMac = (mac: MacAddress): string =>
  mac
    .toString(16)
    .padStart(12, '0')
    .replaceAll(/..(?!$)/g, '$&:');

/** `10.0.2.15` → number. Four decimal numbers without leading zeros, which some readers take for octal. */
export const parseIpv4Address = (text: string): Ipv4Address | undefined => {
  const fields = text.split('.');
  if (fields.length !== 4) return undefined;
  let address = 0;
  for (const field of fields) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(field) || Number(field) > 255) return undefined;
    address = address * 256 + Number(field);
  }
  return address;
};

export const formatIpv4Address = (address: Ipv4Address): string =>
  `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;

/** Text forms of RFC 4291, section 2.2, without zone; undefined for anything else. */
export const parseIpv6Address = (text: string): Ipv6Address | undefined => {
  const lastColon = text.lastIndexOf(':');
  const dotted = text.includes('.') ? parseIpv4Address(text.slice(lastColon + 1)) : undefined;
  if (text.includes('.') && dotted === undefined) return undefined;
  const plain =
    dotted === undefined
      ? text
      : `${text.slice(0, lastColon + 1)}${(dotted >>> 16).toString(16)}:${(dotted & 0xffff).toString(16)}`;
  const halves = plain.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let address = 0n;
  for (const group of [...head, ...new Array<string>(missing).fill('0'), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    address = (address << 16n) | BigInt(`0x${group}`);
  }
  return address;
};

/** The canonical text of RFC 5952. */
export const formatIpv6Address = (address: Ipv6Address): string => {
  const mapped = ipv4InIpv6(address);
  if (mapped !== undefined) return `::ffff:${formatIpv4Address(mapped)}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  // The longest run of at least two zero groups is left out, the first of several.
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
};

/** The IPv4 address that an IPv4-mapped IPv6 address (`::ffff:0:0/96`, RFC 4291, section 2.5.5.2) stands for. */
export const ipv4InIpv6 = (address: Ipv6Address): Ipv4Address | undefined =>
  address >> 32n === 0xffffn ? Number(address & 0xffff_ffffn) : undefined;

/** A block of IPv4 addresses. */
export interface Ipv4Block {
  /** First address. */
  readonly base: Ipv4Address;
  readonly prefix: number;
}

export const ipv4Mask = (prefix: number): number => (prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0);

export const inBlock = (block: Ipv4Block, address: Ipv4Address): boolean =>
  (address & ipv4Mask(block.prefix)) >>> 0 === block.base;

/**
 * `10.0.0.0/8`, or one address; an IPv4-mapped IPv6 block (`::ffff:10.0.0.0/104`) is the IPv4 block it means.
 * Undefined for anything else, also when bits are set behind the prefix.
 */
export const parseIpv4Block = (text: string): Ipv4Block | undefined => {
  const [address = '', length, ...rest] = text.split('/');
  if (rest.length > 0 || (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length))) return undefined;
  const wide = address.includes(':') ? parseIpv6Address(address) : undefined;
  const base = address.includes(':') ? wide !== undefined && ipv4InIpv6(wide) : parseIpv4Address(address);
  if (base === undefined || base === false) return undefined;
  const prefix =
    (length === undefined ? (wide === undefined ? 32 : 128) : Number(length)) - (wide === undefined ? 0 : 96);
  if (prefix < 0 || prefix > 32 || (base & ipv4Mask(prefix)) >>> 0 !== base) return undefined;
  return { base, prefix };
};

export const formatIpv4Block = ({ base, prefix }: Ipv4Block): string => `${formatIpv4Address(base)}/${prefix}`;
