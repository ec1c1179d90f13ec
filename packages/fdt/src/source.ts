import type { Cell, DeviceTreeNode, DeviceTreeValue } from '@vivarium/contracts';
import { isReference, walk } from './labels.ts';

const hexadecimal = (value: number): string => `0x${value.toString(16)}`;

const quote = (text: string): string =>
  `"${[...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '"' || character === '\\') {
        return `\\${character}`;
      }
      // Three octal digits: unlike `\x`, they cannot swallow a digit that follows.
      return byte < 0x20 || byte >= 0x7f ? `\\${byte.toString(8).padStart(3, '0')}` : character;
    })
    .join('')}"`;

/** Strings, if the bytes read as one or more non-empty printable ones; that is how dtc guesses. */
const asStrings = (bytes: Uint8Array): readonly string[] | undefined => {
  if (bytes.length === 0 || bytes.at(-1) !== 0) {
    return undefined;
  }
  const strings = String.fromCharCode(...bytes.subarray(0, -1)).split('\0');
  return strings.every((text) => /^[\x20-\x7e]+$/.test(text)) ? strings : undefined;
};

const bytesSource = (bytes: Uint8Array): string => {
  // `String.fromCharCode` takes its bytes as arguments, so long blobs are never tried as text.
  const strings = bytes.length <= 4096 ? asStrings(bytes) : undefined;
  if (strings !== undefined) {
    return strings.map(quote).join(', ');
  }
  if (bytes.length % 4 === 0) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const cells = Array.from({ length: bytes.length / 4 }, (_, index) => hexadecimal(view.getUint32(index * 4)));
    return `<${cells.join(' ')}>`;
  }
  return `[${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}]`;
};

const valueSource = (value: Exclude<DeviceTreeValue, true>, nameOf: (label: string) => string): string => {
  if (typeof value === 'number') {
    return `<${hexadecimal(value)}>`;
  }
  if (typeof value === 'bigint') {
    return `<${hexadecimal(Number(value >> 32n))} ${hexadecimal(Number(value & 0xffff_ffffn))}>`;
  }
  if (typeof value === 'string') {
    return quote(value);
  }
  if (value instanceof Uint8Array) {
    return bytesSource(value);
  }
  if (value.length > 0 && value.every((item) => typeof item === 'string')) {
    return value.map(quote).join(', ');
  }
  const cells = value as readonly Cell[];
  return `<${cells.map((cell) => (isReference(cell) ? `&${nameOf(cell.phandle)}` : hexadecimal(cell))).join(' ')}>`;
};

/** Source labels are identifiers; part ids may hold `-` and `.`, so they are rewritten, and kept apart by number. */
const sourceLabels = (root: DeviceTreeNode): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  walk(root, ({ label }) => {
    if (label === undefined) {
      return;
    }
    const stem = label.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=[0-9])|^$/, '_');
    let name = stem;
    for (let suffix = 2; taken.has(name); suffix += 1) {
      name = `${stem}_${suffix}`;
    }
    taken.add(name);
    names.set(label, name);
  });
  return names;
};

/**
 * Prints a tree as device tree source, version 1 (Devicetree Specification 0.4, chapter 6), which dtc compiles back
 * to the same tree. Throws `VIV_FDT_TOO_DEEP`.
 */
export const toSource = (root: DeviceTreeNode): string => {
  const labels = sourceLabels(root);
  const nameOf = (label: string): string => labels.get(label) ?? label;
  const lines = ['/dts-v1/;', ''];
  const print = (node: DeviceTreeNode, name: string, indent: string): void => {
    const label = node.label === undefined ? '' : `${nameOf(node.label)}: `;
    lines.push(`${indent}${label}${name} {`);
    const inner = `${indent}\t`;
    for (const [property, value] of Object.entries(node.properties)) {
      const empty = value === true || (value instanceof Uint8Array && value.length === 0);
      lines.push(`${inner}${property}${empty ? '' : ` = ${valueSource(value, nameOf)}`};`);
    }
    for (const child of node.children ?? []) {
      print(child, child.name, inner);
    }
    lines.push(`${indent}};`);
  };
  print(root, '/', '');
  return `${lines.join('\n')}\n`;
};
