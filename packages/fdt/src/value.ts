import type { Cell, DeviceTreeValue } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { isReference } from './labels.ts';

const encoder = new TextEncoder();

const cellBytes = (cells: readonly number[], place: string): Uint8Array => {
  const bytes = new Uint8Array(cells.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, cell] of cells.entries()) {
    if (!Number.isInteger(cell) || cell < 0 || cell > 0xffff_ffff) {
      throw errors.make('VIV_FDT_VALUE', `${place} has a cell ${cell} that is not an unsigned 32-bit integer`);
    }
    view.setUint32(index * 4, cell);
  }
  return bytes;
};

const wideBytes = (value: bigint, place: string): Uint8Array => {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw errors.make('VIV_FDT_VALUE', `${place} is ${value}, which is not an unsigned 64-bit integer`);
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
};

const stringBytes = (strings: readonly string[], place: string): Uint8Array => {
  if (strings.some((text) => text.includes('\0'))) {
    throw errors.make('VIV_FDT_VALUE', `${place} has a NUL within a string`);
  }
  return encoder.encode(strings.map((text) => `${text}\0`).join(''));
};

const isStrings = (value: readonly unknown[]): value is readonly string[] =>
  value.length > 0 && value.every((item) => typeof item === 'string');

/**
 * The bytes of a property (section 2.2.4). `place` is for messages; `phandleOf` resolves references and throws for
 * labels that it does not know.
 */
export const encodeValue = (
  value: DeviceTreeValue,
  place: string,
  phandleOf: (label: string) => number,
): Uint8Array => {
  if (value === true) {
    return new Uint8Array(0);
  }
  if (typeof value === 'number') {
    return cellBytes([value], place);
  }
  if (typeof value === 'bigint') {
    return wideBytes(value, place);
  }
  if (typeof value === 'string') {
    return stringBytes([value], place);
  }
  if (value instanceof Uint8Array) {
    return value;
  }
  if (!Array.isArray(value)) {
    throw errors.make('VIV_FDT_VALUE', `${place} has a value that is none of the forms of a property`);
  }
  if (isStrings(value)) {
    return stringBytes(value, place);
  }
  const cells = value as readonly Cell[];
  return cellBytes(
    cells.map((cell) => (isReference(cell) ? phandleOf(cell.phandle) : cell)),
    place,
  );
};
