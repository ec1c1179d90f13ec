import { read16, read32, write16, write32 } from './bytes.ts';

export const TCP_HEADER = 20;

/** Control bits of RFC 9293, section 3.1. */
export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** Options that a connection is opened with, and time stamps. Unknown ones are skipped. */
export interface TcpOptions {
  /** Largest segment that the sender takes (RFC 9293, section 3.7.1). */
  readonly maximumSegment?: number;
  /** Shift of the window field (RFC 7323, section 2). */
  readonly windowScale?: number;
  /** RFC 2018. */
  readonly selectivePermitted?: boolean;
  /** Value and echo (RFC 7323, section 3). */
  readonly timestamps?: readonly [number, number];
}

/** The header of RFC 9293, section 3.1. */
export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Sum of {@link TcpFlag}. */
  readonly flags: number;
  /** The field as it is sent, not scaled. */
  readonly window: number;
  readonly checksum?: number;
  readonly urgent?: number;
  readonly options?: TcpOptions;
}

export type ParsedTcp = Required<TcpHeader> & { readonly headerLength: number };

const Option = { end: 0, none: 1, maximumSegment: 2, windowScale: 3, selectivePermitted: 4, timestamps: 8 } as const;
const NO_OPTIONS: TcpOptions = {};

/** Options are hints: a list that breaks off or makes no sense ends there. */
const parseOptions = (bytes: Uint8Array, start: number, end: number): TcpOptions => {
  const options: { -readonly [Key in keyof TcpOptions]: TcpOptions[Key] } = {};
  let at = start;
  while (at < end && bytes[at] !== Option.end) {
    if (bytes[at] === Option.none) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
    if (length < 2 || at + length > end) break;
    const kind = bytes[at];
    if (kind === Option.maximumSegment && length === 4) options.maximumSegment = read16(bytes, at + 2);
    // A shift above 14 is taken for 14 (RFC 7323, section 2.3).
    if (kind === Option.windowScale && length === 3) options.windowScale = Math.min(bytes[at + 2] ?? 0, 14);
    if (kind === Option.selectivePermitted && length === 2) options.selectivePermitted = true;
    if (kind === Option.timestamps && length === 10)
      options.timestamps = [read32(bytes, at + 2), read32(bytes, at + 6)];
    at += length;
  }
  return options;
};

/** The header at `start` of a segment that ends at `end`: `bytes` may hold only its first part. */
export const parseTcp = (bytes: Uint8Array, start = 0, end = bytes.length): ParsedTcp | undefined => {
  if (bytes.length < start + TCP_HEADER || end < start + TCP_HEADER) return undefined;
  const headerLength = ((bytes[start + 12] ?? 0) >>> 4) * 4;
  const options = start + headerLength;
  if (headerLength < TCP_HEADER || options > end || options > bytes.length) return undefined;
  return {
    headerLength,
    sourcePort: read16(bytes, start),
    destinationPort: read16(bytes, start + 2),
    sequence: read32(bytes, start + 4),
    acknowledgment: read32(bytes, start + 8),
    flags: bytes[start + 13] ?? 0,
    window: read16(bytes, start + 14),
    checksum: read16(bytes, start + 16),
    urgent: read16(bytes, start + 18),
    options: headerLength === TCP_HEADER ? NO_OPTIONS : parseOptions(bytes, start + TCP_HEADER, options),
  };
};

/** Bytes of the header with its options, each padded to whole words. */
export const tcpHeaderLength = ({ options = NO_OPTIONS }: Pick<TcpHeader, 'options'>): number =>
  TCP_HEADER +
  (options.maximumSegment === undefined ? 0 : 4) +
  (options.windowScale === undefined ? 0 : 4) +
  (options.selectivePermitted === true ? 4 : 0) +
  (options.timestamps === undefined ? 0 : 12);

const writeOptions = (bytes: Uint8Array, start: number, options: TcpOptions): number => {
  let at = start;
  const begin = (padding: number, kind: number, length: number): number => {
    bytes.fill(Option.none, at, at + padding);
    bytes[at + padding] = kind;
    bytes[at + padding + 1] = length;
    at += padding + length;
    return at - length + 2;
  };
  if (options.maximumSegment !== undefined) write16(bytes, begin(0, Option.maximumSegment, 4), options.maximumSegment);
  if (options.windowScale !== undefined) bytes[begin(1, Option.windowScale, 3)] = options.windowScale;
  if (options.selectivePermitted === true) begin(2, Option.selectivePermitted, 2);
  if (options.timestamps !== undefined) {
    const value = begin(2, Option.timestamps, 10);
    write32(bytes, value, options.timestamps[0]);
    write32(bytes, value + 4, options.timestamps[1]);
  }
  return at;
};

/** Writes the header; `checksum` is what the field holds, 0 when absent. Returns where it ends. */
export const writeTcp = (bytes: Uint8Array, start: number, header: TcpHeader): number => {
  write16(bytes, start, header.sourcePort);
  write16(bytes, start + 2, header.destinationPort);
  write32(bytes, start + 4, header.sequence);
  write32(bytes, start + 8, header.acknowledgment);
  bytes[start + 12] = (tcpHeaderLength(header) / 4) << 4;
  bytes[start + 13] = header.flags;
  write16(bytes, start + 14, header.window);
  write16(bytes, start + 16, header.checksum ?? 0);
  write16(bytes, start + 18, header.urgent ?? 0);
  return header.options === undefined ? start + TCP_HEADER : writeOptions(bytes, start + TCP_HEADER, header.options);
};

/** Where the checksum lies in the header. */
export const TCP_CHECKSUM_OFFSET = 16;
