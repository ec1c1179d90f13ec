import * as fc from 'fast-check';
import type { Qcow2Disk } from '../src/index.ts';

/** Something a guest does. Places and lengths are sectors. */
export type Action =
  | { readonly kind: 'write'; readonly at: number; readonly length: number; readonly value: number }
  | { readonly kind: 'zero'; readonly at: number; readonly length: number; readonly mayUnmap: boolean }
  | { readonly kind: 'discard'; readonly at: number; readonly length: number }
  | { readonly kind: 'flush' };

/** Actions on a disk of `sectors` sectors, some of them short and some long. */
export const actions = (sectors: number, most: number): fc.Arbitrary<Action[]> => {
  const range = {
    at: fc.nat(sectors - 1),
    length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: Math.ceil(sectors / 4) })),
  };
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('write' as const),
          ...range,
          value: fc.integer({ min: 1, max: 255 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('zero' as const), ...range, mayUnmap: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('discard' as const), ...range }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
    ),
    { minLength: 1, maxLength: most },
  );
};

/** Content of one written sector: the value, and where it belongs. */
export const sectorOf = (value: number, at: number): Uint8Array => {
  const bytes = new Uint8Array(512).fill(value);
  new DataView(bytes.buffer).setUint32(0, at);
  return bytes;
};

/** Does `action` to the disk. Lengths beyond its end are cut. */
export const perform = (disk: Qcow2Disk, action: Action): ReturnType<Qcow2Disk['flush']> => {
  if (action.kind === 'flush') return disk.flush();
  const at = action.at * 512;
  const length = Math.min(action.length * 512, disk.capacity - at);
  if (action.kind === 'zero') return disk.writeZeroes(at, length, action.mayUnmap);
  if (action.kind === 'discard') return disk.discard(at, length);
  const pieces = Array.from({ length: length / 512 }, (_, index) => sectorOf(action.value, action.at + index));
  return disk.write(at, pieces);
};

/** What is known of each sector: its value (0 for zeroes), or undefined when it may be anything. */
export type Sectors = (number | undefined)[];

/** Does `action` to a model. */
export const model = (sectors: Sectors, action: Action): void => {
  if (action.kind === 'flush') return;
  const value = action.kind === 'write' ? action.value : action.kind === 'zero' ? 0 : undefined;
  sectors.fill(value, action.at, action.at + action.length);
};

/** Sectors of the disk as values; -1 for what is neither zeroes nor was ever written there. */
export const readSectors = (disk: Qcow2Disk): number[] => {
  const bytes = new Uint8Array(disk.capacity);
  const result = disk.read(0, [bytes]);
  if (result !== undefined) throw new Error(`the disk cannot be read: ${result}`);
  return Array.from({ length: bytes.length / 512 }, (_, index) => {
    const sector = bytes.subarray(index * 512, (index + 1) * 512);
    const value = sector[511] ?? 0;
    const expected = value === 0 ? new Uint8Array(512) : sectorOf(value, index);
    return Buffer.compare(sector, expected) === 0 ? value : -1;
  });
};

/** The first sector that is not what the model knows; undefined when all are. */
export const firstDifference = (found: readonly number[], known: Sectors): string | undefined => {
  for (const [index, value] of found.entries()) {
    const wanted = known[index];
    if (wanted !== undefined && wanted !== value) return `sector ${index} is ${value}, not ${wanted}`;
    if (wanted === undefined && value === -1) return `sector ${index} is nothing that was ever there`;
  }
  return undefined;
};
