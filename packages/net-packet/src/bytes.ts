/** Numbers in network byte order (big-endian). Whoever calls has checked the bounds. */

export const read16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const read32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;

/** 48 bits, which a number holds exactly. */
export const read48 = (bytes: Uint8Array, at: number): number => read16(bytes, at) * 2 ** 32 + read32(bytes, at + 2);

export const read128 = (bytes: Uint8Array, at: number): bigint =>
  (BigInt(read32(bytes, at)) << 96n) |
  (BigInt(read32(bytes, at + 4)) << 64n) |
  (BigInt(read32(bytes, at + 8)) << 32n) |
  BigInt(read32(bytes, at + 12));

export const write16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
};

export const write32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
};

export const write48 = (bytes: Uint8Array, at: number, value: number): void => {
  write16(bytes, at, Math.floor(value / 2 ** 32));
  write32(bytes, at + 2, value);
};

export const write128 = (bytes: Uint8Array, at: number, value: bigint): void => {
  for (let word = 0; word < 4; word += 1) {
    write32(bytes, at + word * 4, Number(BigInt.asUintN(32, value >> BigInt(96 - word * 32))));
  }
};

/** All pieces one after the other, as a copy. */
export const concatenate = (pieces: readonly Uint8Array[]): Uint8Array => {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
};
