/** Two digits a byte. */
export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Undefined when the text is not two digits a byte. */
export const bytesOfHex = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
};

/** A number of up to 64 bits as the protocol writes it: big-endian digits. */
export const parseAddress = (text: string): bigint | undefined =>
  /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;

/** The same, of up to 32 bits. */
export const parseCount = (text: string): number | undefined =>
  /^[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined;

/** A register's value, which is in the target's byte order: little-endian. */
export const littleEndianHex = (value: bigint, bytes: number): string => {
  const digits = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  return (digits.match(/../g) ?? []).toReversed().join('');
};

export const parseLittleEndian = (text: string): bigint | undefined => {
  const digits = /^(?:[0-9a-fA-F]{2}){1,8}$/.test(text) ? (text.match(/../g) ?? []) : undefined;
  return digits && BigInt(`0x${digits.toReversed().join('')}`);
};
