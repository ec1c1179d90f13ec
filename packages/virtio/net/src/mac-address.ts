/** Bytes of an Ethernet address. */
export const MAC_LENGTH = 6;
const MULTICAST = 1;
const LOCAL = 2;

/** `52:54:00:12:34:56` as bytes. */
export const parseMac = (text: string): Uint8Array =>
  Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));

/** An address of nobody else, as likely as not: locally administered, not multicast. */
export const randomMac = (): Uint8Array => {
  const mac = crypto.getRandomValues(new Uint8Array(MAC_LENGTH));
  mac[0] = ((mac[0] ?? 0) & ~MULTICAST) | LOCAL;
  return mac;
};

/** As a number below 2^48, so that sets can hold it. */
export const macKey = (bytes: Uint8Array, at = 0): number => {
  let key = 0;
  for (let index = 0; index < MAC_LENGTH; index++) key = key * 256 + (bytes[at + index] ?? 0);
  return key;
};

export const BROADCAST = 2 ** 48 - 1;

export const isMulticast = (bytes: Uint8Array, at = 0): boolean => ((bytes[at] ?? 0) & MULTICAST) !== 0;
