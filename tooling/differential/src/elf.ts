/** Writes a static executable: ELF64, little-endian, RISC-V (System V gABI, chapters 4 and 5; RISC-V psABI, chapter 8). */

interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number;
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PAGE = 4096;
const ET_EXEC = 2;
const EM_RISCV = 243;
/** EF_RISCV_RVC and EF_RISCV_FLOAT_ABI_DOUBLE. */
const FLAGS = 1 | 4;
const PT_LOAD = 1;

export const writeElf = (entry: number, segments: readonly Segment[]): Uint8Array => {
  let end = HEADER_BYTES + segments.length * PROGRAM_HEADER_BYTES;
  const offsets = segments.map((segment) => {
    const offset = Math.ceil(end / PAGE) * PAGE;
    end = offset + segment.bytes.length;
    return offset;
  });
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_EXEC, true);
  view.setUint16(18, EM_RISCV, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setUint32(48, FLAGS, true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, segments.length, true);
  segments.forEach((segment, index) => {
    const header = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
    const offset = offsets[index];
    view.setUint32(header, PT_LOAD, true);
    view.setUint32(header + 4, segment.flags, true);
    view.setBigUint64(header + 8, BigInt(offset), true);
    view.setBigUint64(header + 16, BigInt(segment.address), true);
    view.setBigUint64(header + 24, BigInt(segment.address), true);
    view.setBigUint64(header + 32, BigInt(segment.bytes.length), true);
    view.setBigUint64(header + 40, BigInt(segment.bytes.length), true);
    view.setBigUint64(header + 48, BigInt(PAGE), true);
    file.set(segment.bytes, offset);
  });
  return file;
};
