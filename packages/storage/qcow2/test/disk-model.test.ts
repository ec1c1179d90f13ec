import type { HostFile } from '@vivarium/contracts';
import { type MemoryFile, memoryFile } from '@vivarium/host-file';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import { actions, firstDifference, model, perform, readSectors, type Sectors, sectorOf } from './disk-model.ts';
import { withSnapshot } from './snapshot.ts';

const SECTORS = 700;

const shape = fc
  .record({
    clusterSize: fc.constantFrom(512, 1024, 4096, 65_536),
    version: fc.constantFrom(2 as const, 3 as const),
    refcountBits: fc.constantFrom(1, 2, 4, 8, 16, 32, 64),
    backing: fc.constantFrom(undefined, 'raw' as const, 'qcow2' as const),
    hasSnapshot: fc.boolean(),
    hasHoles: fc.boolean(),
  })
  .map((how) => (how.version === 2 ? { ...how, refcountBits: 16 } : how));

/** A backing file that ends before the disk does, within a cluster. */
const baseOf = (format: 'raw' | 'qcow2') => {
  const sectors = 333;
  const bytes = new Uint8Array(sectors * 512);
  for (let at = 0; at < sectors; at++) if (at % 3 !== 0) bytes.set(sectorOf(7, at), at * 512);
  if (format === 'raw') return memoryFile({ bytes });
  const file = memoryFile();
  createQcow2({ file, size: bytes.length, clusterSize: 2048 });
  const disk = openQcow2({ file });
  for (let at = 0; at < sectors; at++) if (at % 3 !== 0) disk.write(at * 512, [sectorOf(7, at)]);
  disk.close();
  return file;
};

/** A file that gives no room back, as those of Node: clusters come again with what was in them. */
const withoutHoles = (file: MemoryFile): HostFile => ({
  name: file.name,
  readOnly: file.readOnly,
  get size() {
    return file.size;
  },
  read: (offset, into) => file.read(offset, into),
  write: (offset, from) => file.write(offset, from),
  sync: () => file.sync(),
  truncate: (size) => file.truncate(size),
  close: () => file.close(),
});

describe('a QCOW2 image', () => {
  it('holds what was written, and is sound without a leak when it is closed, through any number of openings', () => {
    fc.assert(
      fc.property(shape, fc.array(actions(SECTORS, 25), { minLength: 1, maxLength: 4 }), (how, sessions) => {
        let file = memoryFile({ name: 'top' });
        const { backing } = how;
        createQcow2({
          file,
          size: SECTORS * 512,
          clusterSize: how.clusterSize,
          version: how.version,
          refcountBits: how.refcountBits,
          ...(backing === undefined ? {} : { backing: { name: 'base', format: backing } }),
        });
        const known: Sectors = Array.from({ length: SECTORS }, (_, at) =>
          backing !== undefined && at < 333 && at % 3 !== 0 ? 7 : 0,
        );
        const faults: unknown[] = [];
        for (const [index, session] of sessions.entries()) {
          if (index === 1 && how.hasSnapshot && how.refcountBits > 1) {
            file = memoryFile({ name: 'top', bytes: withSnapshot(file.contents()) });
          }
          // The smallest cache: tables come and go.
          const disk = openQcow2({
            file: how.hasHoles ? file : withoutHoles(file),
            cacheSize: 0,
            onFault: (error) => faults.push(error),
            open: () => baseOf(backing ?? 'raw'),
          });
          for (const action of session) {
            expect(perform(disk, action)).toBeUndefined();
            model(known, action);
          }
          expect(firstDifference(readSectors(disk), known)).toBeUndefined();
          expect(disk.close()).toBeUndefined();
          expect(checkImage(file.contents())).toEqual({ corruptions: [], leaks: 0 });
        }
        const disk = openQcow2({ file, readOnly: true, open: () => baseOf(backing ?? 'raw') });
        expect(firstDifference(readSectors(disk), known)).toBeUndefined();
        expect(faults).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('gives discarded clusters out again', () => {
    const file = memoryFile();
    createQcow2({ file, size: 64 * 1024 * 1024 });
    const disk = openQcow2({ file });
    const chunk = new Uint8Array(1024 * 1024).fill(1);
    for (let round = 0; round < 20; round++) {
      for (let at = 0; at < 8; at++) expect(disk.write(at * chunk.length, [chunk])).toBeUndefined();
      expect(disk.discard(0, 8 * chunk.length)).toBeUndefined();
      expect(disk.flush()).toBeUndefined();
    }
    expect(file.size).toBeLessThan(10 * chunk.length);
    expect(file.allocated).toBeLessThan(chunk.length);
    expect(disk.close()).toBeUndefined();
    expect(checkImage(file.contents())).toEqual({ corruptions: [], leaks: 0 });
  });

  it('does not show a backing file again where clusters were discarded', () => {
    const base = memoryFile({ name: 'base', bytes: new Uint8Array(1024 * 1024).fill(5) });
    for (const version of [2, 3] as const) {
      const file = memoryFile();
      createQcow2({ file, size: base.size, version, backing: { name: 'base', format: 'raw' } });
      const disk = openQcow2({ file, open: () => memoryFile({ bytes: base.contents() }) });
      expect(disk.write(0, [new Uint8Array(512 * 1024).fill(6)])).toBeUndefined();
      expect(disk.discard(0, 1024 * 1024)).toBeUndefined();
      const found = new Uint8Array(512 * 1024);
      expect(disk.read(0, [found])).toBeUndefined();
      expect(found.includes(5)).toBe(false);
    }
  });

  it('stores zeroes without writing them', () => {
    const file = memoryFile();
    createQcow2({ file, size: 2 ** 40 });
    const disk = openQcow2({ file });
    expect(disk.writeZeroes(0, 2 ** 30, true)).toBeUndefined();
    expect(disk.writeZeroes(2 ** 39 + 512, 2 ** 30, false)).toBeUndefined();
    expect(disk.close()).toBeUndefined();
    expect(file.allocated).toBeLessThan(1024 * 1024);
  });

  it('grows its table of reference counts as it must', () => {
    const file = memoryFile();
    // A block counts 64 clusters of 512 bytes, and a cluster of the table refers to 64 blocks: 2 MiB.
    createQcow2({ file, size: 16 * 1024 * 1024, clusterSize: 512, refcountBits: 64 });
    const disk = openQcow2({ file, onFault: (error) => expect.fail(String(error)) });
    const chunk = new Uint8Array(256 * 1024);
    for (let at = 0; at < disk.capacity; at += chunk.length) {
      chunk.fill(1 + ((at / chunk.length) % 255));
      expect(disk.write(at, [chunk])).toBeUndefined();
      if (at % (4 * 1024 * 1024) === 0) expect(disk.flush()).toBeUndefined();
    }
    const all = new Uint8Array(disk.capacity);
    expect(disk.read(0, [all])).toBeUndefined();
    for (let at = 0; at < all.length; at += 4096) expect(all[at]).toBe(1 + (Math.floor(at / chunk.length) % 255));
    expect(disk.close()).toBeUndefined();
    expect(checkImage(file.contents())).toEqual({ corruptions: [], leaks: 0 });
  });
});
