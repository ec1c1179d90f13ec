import { read32, write16, write32 } from './bytes.ts';
import { checksum } from './checksum.ts';

/** Types of RFC 792. */
export const IcmpType = { echoReply: 0, unreachable: 3, echoRequest: 8, timeExceeded: 11 } as const;

/** Codes of type 3 (RFC 792, RFC 1812 section 5.2.7.1). */
export const UnreachableCode = { host: 1, protocol: 2, port: 3, fragmentationNeeded: 4, prohibited: 13 } as const;

export const ICMP_HEADER = 8;

/** A message of RFC 792. */
export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  /** The second word of the header: identifier and sequence number of an echo, unused or an MTU in an error. */
  readonly rest: number;
  readonly data: Uint8Array;
}

/** A view of the message in `bytes[start…end)`; undefined when it is cut short or its checksum is wrong. */
export const parseIcmp = (bytes: Uint8Array, start = 0, end = bytes.length): IcmpMessage | undefined => {
  if (end > bytes.length || end < start + ICMP_HEADER || checksum(bytes, start, end) !== 0) return undefined;
  return {
    type: bytes[start] ?? 0,
    code: bytes[start + 1] ?? 0,
    rest: read32(bytes, start + 4),
    data: bytes.subarray(start + ICMP_HEADER, end),
  };
};

/** Writes the message with its checksum and returns where it ends. */
export const writeIcmp = (bytes: Uint8Array, start: number, message: IcmpMessage): number => {
  const end = start + ICMP_HEADER + message.data.length;
  bytes[start] = message.type;
  bytes[start + 1] = message.code;
  write16(bytes, start + 2, 0);
  write32(bytes, start + 4, message.rest);
  bytes.set(message.data, start + ICMP_HEADER);
  write16(bytes, start + 2, checksum(bytes, start, end));
  return end;
};

/** Identifier and sequence number of an echo. */
export const echoNumbers = (message: IcmpMessage): { readonly identifier: number; readonly sequence: number } => ({
  identifier: message.rest >>> 16,
  sequence: message.rest & 0xffff,
});

/** Bytes of the packet that an error message quotes, besides its IP header (RFC 792; RFC 1812 lets it be more). */
export const ICMP_QUOTE = 8;
