// Hot: once for each frame.
import type { FrameOffload, NetFrame, NetOffloads } from '@vivarium/contracts';
import * as r from './registers.ts';

/** Smallest Ethernet header in bytes, and of TCP. */
const ETHERNET_HEADER = 14;
const TCP_HEADER = 20;
/** Data offset of TCP, in its upper half. */
const TCP_DATA_OFFSET = 12;

/** The byte at `offset` of a frame in pieces; 0 beyond its end. */
const byteAt = (pieces: readonly Uint8Array[], offset: number): number => {
  let left = offset;
  for (const piece of pieces) {
    if (left < piece.length) return piece[left] ?? 0;
    left -= piece.length;
  }
  return 0;
};

/**
 * What a driver's header asks for, undefined for nothing. `nonsense` when it was not agreed on, or reaches out of the
 * frame (section 5.1.6.2).
 */
export const readHeader = (
  header: Uint8Array,
  pieces: readonly Uint8Array[],
  length: number,
  agreed: NetOffloads,
): FrameOffload | 'nonsense' | undefined => {
  const fields = new DataView(header.buffer, header.byteOffset, header.length);
  const gso = fields.getUint8(r.HEADER.gso_type) & ~r.VIRTIO_NET_HDR_GSO_ECN;
  if ((fields.getUint8(r.HEADER.flags) & r.VIRTIO_NET_HDR_F_NEEDS_CSUM) === 0) {
    return gso === r.VIRTIO_NET_HDR_GSO_NONE ? undefined : 'nonsense';
  }
  const start = fields.getUint16(r.HEADER.csum_start, true);
  const offset = fields.getUint16(r.HEADER.csum_offset, true);
  const fits = start >= ETHERNET_HEADER && start + offset + 2 <= length;
  if (!fits || agreed.checksum !== true) return 'nonsense';
  const checksum = { start, offset };
  if (gso === r.VIRTIO_NET_HDR_GSO_NONE) return { checksum };
  const protocol =
    gso === r.VIRTIO_NET_HDR_GSO_TCPV4 ? 'tcp4' : gso === r.VIRTIO_NET_HDR_GSO_TCPV6 ? 'tcp6' : undefined;
  const size = fields.getUint16(r.HEADER.gso_size, true);
  if (protocol === undefined || agreed[protocol] !== true || size === 0) return 'nonsense';
  // hdr_len is a hint only; the TCP header says itself how long it is.
  const tcp = (byteAt(pieces, start + TCP_DATA_OFFSET) >> 4) * 4;
  const headerLength = start + tcp;
  if (tcp < TCP_HEADER || headerLength > length) return 'nonsense';
  return { checksum, segment: { protocol, size, headerLength } };
};

/** The header that the driver reads in front of `frame`, which lies in `buffers` buffers. */
export const writeHeader = ({ offload }: NetFrame, buffers: number): Uint8Array => {
  const header = new Uint8Array(r.HEADER_SIZE);
  const fields = new DataView(header.buffer);
  fields.setUint16(r.HEADER.num_buffers, buffers, true);
  const { checksum, segment } = offload ?? {};
  if (checksum !== undefined) {
    fields.setUint8(r.HEADER.flags, r.VIRTIO_NET_HDR_F_NEEDS_CSUM);
    fields.setUint16(r.HEADER.csum_start, checksum.start, true);
    fields.setUint16(r.HEADER.csum_offset, checksum.offset, true);
  }
  if (segment !== undefined) {
    fields.setUint8(
      r.HEADER.gso_type,
      segment.protocol === 'tcp4' ? r.VIRTIO_NET_HDR_GSO_TCPV4 : r.VIRTIO_NET_HDR_GSO_TCPV6,
    );
    fields.setUint16(r.HEADER.hdr_len, segment.headerLength, true);
    fields.setUint16(r.HEADER.gso_size, segment.size, true);
  }
  return header;
};
