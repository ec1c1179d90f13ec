import { HEADER, HEADER_SIZE } from './registers.ts';

/** The header of a packet. Addresses above 32 bits are reserved and read as `NaN`, which is nobody's. */
export interface PacketHeader {
  readonly srcCid: number;
  readonly dstCid: number;
  readonly srcPort: number;
  readonly dstPort: number;
  /** Bytes of payload, as the sender says. */
  readonly len: number;
  readonly type: number;
  readonly op: number;
  readonly flags: number;
  readonly bufAlloc: number;
  readonly fwdCnt: number;
}

const address = (fields: DataView, offset: number): number =>
  fields.getUint32(offset + 4, true) === 0 ? fields.getUint32(offset, true) : Number.NaN;

/** Undefined when there are too few bytes for a header. */
export const readPacketHeader = (bytes: Uint8Array): PacketHeader | undefined => {
  if (bytes.length < HEADER_SIZE) return undefined;
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    srcCid: address(fields, HEADER.src_cid),
    dstCid: address(fields, HEADER.dst_cid),
    srcPort: fields.getUint32(HEADER.src_port, true),
    dstPort: fields.getUint32(HEADER.dst_port, true),
    len: fields.getUint32(HEADER.len, true),
    type: fields.getUint16(HEADER.type, true),
    op: fields.getUint16(HEADER.op, true),
    flags: fields.getUint32(HEADER.flags, true),
    bufAlloc: fields.getUint32(HEADER.buf_alloc, true),
    fwdCnt: fields.getUint32(HEADER.fwd_cnt, true),
  };
};

export const writePacketHeader = (header: PacketHeader): Uint8Array => {
  const fields = new DataView(new ArrayBuffer(HEADER_SIZE));
  fields.setUint32(HEADER.src_cid, header.srcCid, true);
  fields.setUint32(HEADER.dst_cid, header.dstCid, true);
  fields.setUint32(HEADER.src_port, header.srcPort, true);
  fields.setUint32(HEADER.dst_port, header.dstPort, true);
  fields.setUint32(HEADER.len, header.len, true);
  fields.setUint16(HEADER.type, header.type, true);
  fields.setUint16(HEADER.op, header.op, true);
  fields.setUint32(HEADER.flags, header.flags, true);
  fields.setUint32(HEADER.buf_alloc, header.bufAlloc, true);
  fields.setUint32(HEADER.fwd_cnt, header.fwdCnt, true);
  return new Uint8Array(fields.buffer);
};
