/** A Linux `Image` of nothing: its header, and zeros up to `length`. */
export const linuxImage = (
  fields: { textOffset?: bigint; imageSize?: bigint; flags?: number; version?: number } = {},
  length = 4096,
): Uint8Array => {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x4d, 0x5a]);
  view.setBigUint64(8, fields.textOffset ?? 0x20_0000n, true);
  view.setBigUint64(16, fields.imageSize ?? 0x3000n, true);
  view.setUint32(24, fields.flags ?? 0, true);
  view.setUint32(32, fields.version ?? 2, true);
  bytes.set(new TextEncoder().encode('RISCV'), 48);
  view.setUint32(56, 0x05435352, true);
  return bytes;
};

export interface Segment {
  readonly physical: bigint;
  readonly virtual?: bigint;
  readonly bytes: Uint8Array;
  readonly memory?: bigint;
}

/** An ELF file of the given segments, one behind the other. */
export const elfFile = (
  segments: readonly Segment[],
  fields: { entry?: bigint; machine?: number; type?: number; class?: number; data?: number } = {},
): Uint8Array => {
  const headers = 64 + segments.length * 56;
  const bytes = new Uint8Array(headers + segments.reduce((sum, segment) => sum + segment.bytes.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, fields.class ?? 2, fields.data ?? 1, 1]);
  view.setUint16(16, fields.type ?? 2, true);
  view.setUint16(18, fields.machine ?? 243, true);
  view.setBigUint64(24, fields.entry ?? segments[0]?.physical ?? 0n, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, segments.length, true);
  let at = headers;
  for (const [index, segment] of segments.entries()) {
    const header = 64 + index * 56;
    view.setUint32(header, 1, true);
    view.setBigUint64(header + 8, BigInt(at), true);
    view.setBigUint64(header + 16, segment.virtual ?? segment.physical, true);
    view.setBigUint64(header + 24, segment.physical, true);
    view.setBigUint64(header + 32, BigInt(segment.bytes.length), true);
    view.setBigUint64(header + 40, segment.memory ?? BigInt(segment.bytes.length), true);
    bytes.set(segment.bytes, at);
    at += segment.bytes.length;
  }
  return bytes;
};
