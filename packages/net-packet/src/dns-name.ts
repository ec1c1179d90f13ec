/**
 * Domain names on the wire (RFC 1035, sections 3.1 and 4.1.4), and as text: labels with dots between, in which a byte
 * that is no letter, digit, hyphen or underscore is written `\DDD` (section 5.1). The root is the empty string.
 */

/** Longest name on the wire, in bytes, and longest label. */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;

const isPlain = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x30 && byte <= 0x39) ||
  byte === 0x2d ||
  byte === 0x5f;

const labelText = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += isPlain(byte) ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  return text;
};

/**
 * The name at `start`, and where reading goes on. A pointer must point to before the part of the name that it ends,
 * so that reading comes to an end.
 */
export const readDnsName = (
  bytes: Uint8Array,
  start: number,
): { readonly name: string; readonly end: number } | undefined => {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let part = start;
  let length = 1;
  for (;;) {
    const first = bytes[at];
    if (first === undefined) return undefined;
    if (first === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if (first >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      end ??= at + 2;
      const target = ((first & 0x3f) << 8) | low;
      if (target >= part) return undefined;
      part = target;
      at = target;
      continue;
    }
    length += first + 1;
    if (first > LONGEST_LABEL || length > LONGEST_NAME || at + 1 + first > bytes.length) return undefined;
    labels.push(labelText(bytes.subarray(at + 1, at + 1 + first)));
    at += 1 + first;
  }
};

const labelBytes = (label: string): number[] | undefined => {
  const bytes: number[] = [];
  for (let at = 0; at < label.length; at += 1) {
    let code = label.charCodeAt(at);
    if (code === 0x5c) {
      const digits = label.slice(at + 1, at + 4);
      if (!/^\d{3}$/.test(digits)) return undefined;
      code = Number(digits);
      at += 3;
    }
    if (code > 255) return undefined;
    bytes.push(code);
  }
  return bytes;
};

/** The name without compression; undefined when it is too long, has an empty label or a bad escape. */
export const encodeDnsName = (name: string): Uint8Array | undefined => {
  const bytes: number[] = [];
  const plain = name.endsWith('.') ? name.slice(0, -1) : name;
  for (const label of plain === '' ? [] : plain.split('.')) {
    const encoded = labelBytes(label);
    if (encoded === undefined || encoded.length === 0 || encoded.length > LONGEST_LABEL) return undefined;
    bytes.push(encoded.length, ...encoded);
  }
  bytes.push(0);
  return bytes.length > LONGEST_NAME ? undefined : Uint8Array.from(bytes);
};
