import type { Ipv4Address, MacAddress } from './addresses.ts';
import { concatenate, read16, read32, read48, write16, write32, write48 } from './bytes.ts';

/** UDP ports. */
export const DhcpPort = { server: 67, client: 68 } as const;
/** Values of the field `op`. */
export const BootpOperation = { request: 1, reply: 2 } as const;

/** Values of the option "DHCP message type" (RFC 2132, section 9.6). */
export const DhcpMessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
  inform: 8,
} as const;

/** Option codes of RFC 2132. */
export const DhcpOption = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcast: 28,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterList: 55,
  message: 56,
  maximumSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  clientIdentifier: 61,
  end: 255,
} as const;

/** A message of RFC 2131, section 2, over Ethernet. */
export interface DhcpMessage {
  readonly operation: number;
  readonly transaction: number;
  readonly seconds: number;
  /** The client cannot take unicast yet. */
  readonly broadcast: boolean;
  /** `ciaddr`: the client's address, when it has one. */
  readonly client: Ipv4Address;
  /** `yiaddr`: the address that it is given. */
  readonly your: Ipv4Address;
  /** `siaddr` */
  readonly server: Ipv4Address;
  /** `giaddr` */
  readonly relay: Ipv4Address;
  readonly hardware: MacAddress;
  /** Code → value; a value in several parts is put together (RFC 3396). */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

const MAGIC = 0x6382_5363;
/** Fixed part with the magic number: where options begin. */
const FIXED = 240;
/** `sname` and `file`, which may hold options, too (RFC 2132, section 9.3). */
const SERVER_NAME = { start: 44, end: 108 };
const BOOT_FILE = { start: 108, end: 236 };
/** What a BOOTP relay expects at least (RFC 1542, section 2.1). */
const SHORTEST = 300;

const readOptions = (bytes: Uint8Array, start: number, end: number, into: Map<number, Uint8Array>): boolean => {
  let at = start;
  while (at < end) {
    const code = bytes[at] ?? DhcpOption.end;
    if (code === DhcpOption.end) return true;
    if (code === DhcpOption.pad) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] ?? 0) : end;
    if (at + 2 + length > end) return false;
    const value = bytes.slice(at + 2, at + 2 + length);
    const earlier = into.get(code);
    into.set(code, earlier === undefined ? value : concatenate([earlier, value]));
    at += 2 + length;
  }
  return true;
};

/** Undefined when cut short, without the magic number, not over Ethernet, or with options that break off. */
export const parseDhcp = (bytes: Uint8Array): DhcpMessage | undefined => {
  if (bytes.length < FIXED || read32(bytes, FIXED - 4) !== MAGIC) return undefined;
  // Hardware type 1 with addresses of six bytes.
  if (bytes[1] !== 1 || bytes[2] !== 6) return undefined;
  const options = new Map<number, Uint8Array>();
  if (!readOptions(bytes, FIXED, bytes.length, options)) return undefined;
  const overload = options.get(DhcpOption.overload)?.[0] ?? 0;
  options.delete(DhcpOption.overload);
  if ((overload & 1) !== 0 && !readOptions(bytes, BOOT_FILE.start, BOOT_FILE.end, options)) return undefined;
  if ((overload & 2) !== 0 && !readOptions(bytes, SERVER_NAME.start, SERVER_NAME.end, options)) return undefined;
  return {
    operation: bytes[0] ?? 0,
    transaction: read32(bytes, 4),
    seconds: read16(bytes, 8),
    broadcast: (read16(bytes, 10) & 0x8000) !== 0,
    client: read32(bytes, 12),
    your: read32(bytes, 16),
    server: read32(bytes, 20),
    relay: read32(bytes, 24),
    hardware: read48(bytes, 28),
    options,
  };
};

/** Longest value in one part. */
const PART = 255;

export const buildDhcp = (message: DhcpMessage): Uint8Array => {
  let length = FIXED + 1;
  for (const value of message.options.values())
    length += value.length + 2 * Math.max(1, Math.ceil(value.length / PART));
  const bytes = new Uint8Array(Math.max(length, SHORTEST));
  bytes.set([message.operation, 1, 6, 0]);
  write32(bytes, 4, message.transaction);
  write16(bytes, 8, message.seconds);
  write16(bytes, 10, message.broadcast ? 0x8000 : 0);
  write32(bytes, 12, message.client);
  write32(bytes, 16, message.your);
  write32(bytes, 20, message.server);
  write32(bytes, 24, message.relay);
  write48(bytes, 28, message.hardware);
  write32(bytes, FIXED - 4, MAGIC);
  let at = FIXED;
  for (const [code, value] of message.options) {
    for (let start = 0; start < value.length || start === 0; start += PART) {
      const part = value.subarray(start, start + PART);
      bytes[at] = code;
      bytes[at + 1] = part.length;
      bytes.set(part, at + 2);
      at += 2 + part.length;
    }
  }
  bytes[at] = DhcpOption.end;
  return bytes;
};

/** A value of 4 bytes, as addresses and times are. */
export const dhcpWord = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  write32(bytes, 0, value);
  return bytes;
};

/** A value of 2 bytes, as the MTU is. */
export const dhcpHalf = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value);
