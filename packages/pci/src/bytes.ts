/** `width` bytes of registers, little-endian; what is beyond the last is 0. */
export const readBytes = (bytes: DataView, offset: number, width: 1 | 2 | 4): number => {
  let value = 0;
  for (let at = offset + width - 1; at >= offset; at--) {
    value = value * 256 + (at < bytes.byteLength ? bytes.getUint8(at) : 0);
  }
  return value;
};

/** Takes a write apart: calls `write` with each of its bytes, the lowest first. */
export const writeBytes = (
  offset: number,
  width: 1 | 2 | 4,
  value: number,
  write: (at: number, byte: number) => void,
): void => {
  for (let index = 0; index < width; index++) write(offset + index, Math.floor(value / 2 ** (8 * index)) & 0xff);
};
