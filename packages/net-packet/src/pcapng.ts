/**
 * Captures in the pcapng format (draft-ietf-opsawg-pcapng), with time stamps in nanoseconds, as pure functions: a
 * capture is {@link pcapngHeader}, one {@link pcapngInterface} for each place that was listened at, then packets.
 */

const BlockType = { section: 0x0a0d_0d0a, interface: 1, packet: 6 } as const;
const LINK_ETHERNET = 1;
const InterfaceOption = { name: 2, timeResolution: 9 } as const;
const PacketOption = { flags: 2 } as const;

/** One packet of a capture. */
export interface CapturedPacket {
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  /** Number of the interface, in the order in which they were written; 0 when absent. */
  readonly interface?: number;
  /** As seen from the guest. */
  readonly direction?: 'in' | 'out';
}

const padded = (length: number): number => (length + 3) & ~3;

/** A block: type, length, what `fill` writes, length. Byte order is little-endian, as the section header says. */
const block = (type: number, length: number, fill: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
  const total = 12 + padded(length);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  view.setUint32(total - 4, total, true);
  fill(new DataView(bytes.buffer, 8), bytes.subarray(8, total - 4));
  return bytes;
};

/** The section header: once, at the start of the file. */
export const pcapngHeader = (): Uint8Array =>
  block(BlockType.section, 16, (view) => {
    view.setUint32(0, 0x1a2b_3c4d, true);
    view.setUint16(4, 1, true);
    // Length of the section: not known.
    view.setBigInt64(8, -1n, true);
  });

/** Declares the next interface; `name` is shown by readers. */
export const pcapngInterface = (name: string): Uint8Array => {
  const text: number[] = [];
  // UTF-8 by hand: the language's own library has no encoder.
  for (const character of encodeURIComponent(name).matchAll(/%([0-9A-F]{2})|(.)/g)) {
    const [, escaped, plain = ''] = character;
    text.push(escaped === undefined ? plain.charCodeAt(0) : Number.parseInt(escaped, 16));
  }
  const nameLength = padded(text.length);
  return block(BlockType.interface, 8 + 4 + nameLength + 8 + 4, (view, bytes) => {
    view.setUint16(0, LINK_ETHERNET, true);
    view.setUint16(8, InterfaceOption.name, true);
    view.setUint16(10, text.length, true);
    bytes.set(text, 12);
    view.setUint16(12 + nameLength, InterfaceOption.timeResolution, true);
    view.setUint16(14 + nameLength, 1, true);
    // Ten to the minus nine.
    bytes[16 + nameLength] = 9;
  });
};

/** One packet, to be written after its interface. */
export const pcapngPacket = ({ time, bytes: packet, interface: number = 0, direction }: CapturedPacket): Uint8Array => {
  const options = 20 + padded(packet.length);
  return block(BlockType.packet, options + (direction === undefined ? 0 : 12), (view, bytes) => {
    view.setUint32(0, number, true);
    view.setUint32(4, Number((time >> 32n) & 0xffff_ffffn), true);
    view.setUint32(8, Number(time & 0xffff_ffffn), true);
    view.setUint32(12, packet.length, true);
    view.setUint32(16, packet.length, true);
    bytes.set(packet, 20);
    if (direction === undefined) return;
    view.setUint16(options, PacketOption.flags, true);
    view.setUint16(options + 2, 4, true);
    view.setUint32(options + 4, direction === 'in' ? 1 : 2, true);
  });
};
