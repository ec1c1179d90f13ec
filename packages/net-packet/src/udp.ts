import { read16, write16 } from './bytes.ts';
import { complement, sumWords } from './checksum.ts';

export const UDP_HEADER = 8;

/** The header of RFC 768. */
export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Header and payload, in bytes. */
  readonly length: number;
  /** 0: the sender made none. */
  readonly checksum: number;
}

/** The header at `start` of a datagram that ends at `end`; undefined when cut short or claiming more than there is. */
export const parseUdp = (bytes: Uint8Array, start = 0, end = bytes.length): UdpHeader | undefined => {
  if (bytes.length < start + UDP_HEADER || end < start + UDP_HEADER) return undefined;
  const length = read16(bytes, start + 4);
  if (length < UDP_HEADER || start + length > end) return undefined;
  return {
    sourcePort: read16(bytes, start),
    destinationPort: read16(bytes, start + 2),
    length,
    checksum: read16(bytes, start + 6),
  };
};

/** Writes the header; `checksum` is what the field holds. Returns where it ends. */
export const writeUdp = (bytes: Uint8Array, start: number, header: UdpHeader): number => {
  write16(bytes, start, header.sourcePort);
  write16(bytes, start + 2, header.destinationPort);
  write16(bytes, start + 4, header.length);
  write16(bytes, start + 6, header.checksum);
  return start + UDP_HEADER;
};

/** Puts the checksum into the datagram in `bytes[start…end)`; `pseudo` is the sum of its pseudo header. */
export const finishUdp = (bytes: Uint8Array, start: number, end: number, pseudo: number): void => {
  write16(bytes, start + 6, 0);
  // A sum of zero is sent as all ones: zero says that there is none.
  write16(bytes, start + 6, complement(sumWords(bytes, start, end, pseudo)) || 0xffff);
};
