import { fakeHostFile } from '@vivarium/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import { actions, model, perform, readSectors, type Sectors } from './disk-model.ts';

const SECTORS = 300;

describe('a file that fails', () => {
  it('makes requests fail and nothing else: what succeeded is kept, and the image stays sound', () => {
    fc.assert(
      fc.property(
        fc.constantFrom({ clusterSize: 512, refcountBits: 64 }, { clusterSize: 2048 }, { clusterSize: 65_536 }),
        actions(SECTORS, 40),
        fc.array(fc.tuple(fc.nat(60), fc.constantFrom('ENOSPC', 'EIO')), { maxLength: 6 }),
        (how, list, failures) => {
          const file = fakeHostFile();
          createQcow2({ file, size: SECTORS * 512, ...how });
          const disk = openQcow2({ file, cacheSize: 0 });
          const known: Sectors = new Array<number>(SECTORS).fill(0);
          const codes = new Map(failures);
          let count = 0;
          // Not the syncs: after one that failed nothing can be said any more.
          file.fault = ({ kind }) => (kind === 'sync' ? undefined : codes.get(count++));
          for (const action of list) {
            const result = perform(disk, action);
            if (result === undefined) model(known, action);
            else if (action.kind !== 'flush') known.fill(undefined, action.at, action.at + action.length);
          }
          file.fault = undefined;
          const check = (found: readonly number[]): void => {
            for (const [at, value] of known.entries()) if (value !== undefined) expect(found[at]).toBe(value);
          };
          check(readSectors(disk));
          expect(disk.close()).toBeUndefined();
          expect(checkImage(file.contents()).corruptions).toEqual([]);
          check(readSectors(openQcow2({ file })));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is told to the guest as what it is', () => {
    const file = fakeHostFile();
    createQcow2({ file, size: 1024 * 1024 });
    const heard: unknown[] = [];
    const disk = openQcow2({ file, onFault: (error) => heard.push(error) });
    const sector = new Uint8Array(512);
    file.fault = () => 'ENOSPC';
    expect(disk.write(0, [sector])).toBe('no-space');
    file.fault = () => 'EIO';
    expect(disk.write(0, [sector])).toBe('io');
    expect(disk.writeZeroes(0, 512, false)).toBeUndefined();
    file.fault = undefined;
    expect(disk.write(0, [sector])).toBeUndefined();
    file.readFault = () => 'EIO';
    expect(disk.read(0, [sector])).toBe('io');
    expect(heard.map((error) => (error as { code?: unknown }).code)).toEqual(['ENOSPC', 'EIO', 'EIO']);
  });

  it('when it is synced is never flushed again', () => {
    const file = fakeHostFile();
    createQcow2({ file, size: 1024 * 1024 });
    const disk = openQcow2({ file });
    expect(disk.write(0, [new Uint8Array(512).fill(1)])).toBeUndefined();
    file.fault = ({ kind }) => (kind === 'sync' ? 'EIO' : undefined);
    expect(disk.flush()).toBe('io');
    file.fault = undefined;
    expect(disk.flush()).toBe('io');
    const sector = new Uint8Array(512);
    expect(disk.read(0, [sector])).toBeUndefined();
    expect(sector[0]).toBe(1);
    expect(disk.close()).toBe('io');
    expect(checkImage(file.contents()).corruptions).toEqual([]);
  });

  it('answers io once it is closed', () => {
    const file = fakeHostFile();
    createQcow2({ file, size: 1024 * 1024 });
    const disk = openQcow2({ file });
    expect(disk.close()).toBeUndefined();
    expect(disk.close()).toBeUndefined();
    const sector = new Uint8Array(512);
    const results = [disk.read(0, [sector]), disk.write(0, [sector]), disk.flush(), disk.discard(0, 512)];
    expect(results).toEqual(['io', 'io', 'io', 'io']);
  });
});
