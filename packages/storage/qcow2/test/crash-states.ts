import { memoryFile } from '@vivarium/host-file';
import { contentsAfterCrash, fakeHostFile, seededRandom } from '@vivarium/testkit';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import {
  type Action,
  actions,
  firstDifference,
  model,
  perform,
  readSectors,
  type Sectors,
  sectorOf,
} from './disk-model.ts';
import { snapshotOf, withSnapshot } from './snapshot.ts';

const SECTORS = 400;

/** Values that a sector may have after a crash; undefined: any. */
type Possible = Set<number> | undefined;

interface Recorded {
  /** Changes of the file when the action began and when it had ended. */
  readonly before: number;
  readonly after: number;
  readonly action: Action;
}

/** What each sector may be when the host dies after `count` changes of the file. */
const possibleAfter = (first: Sectors, recorded: readonly Recorded[], count: number): Possible[] => {
  const flush = recorded.findLastIndex(({ action, after }) => action.kind === 'flush' && after <= count);
  const flushed = [...first];
  for (const { action } of recorded.slice(0, flush + 1)) model(flushed, action);
  const possible: Possible[] = flushed.map((value) => (value === undefined ? undefined : new Set([value])));
  for (const { action, before } of recorded.slice(flush + 1)) {
    if (before >= count || action.kind === 'flush') continue;
    for (let at = action.at; at < Math.min(SECTORS, action.at + action.length); at++) {
      if (action.kind === 'discard') possible[at] = undefined;
      else possible[at]?.add(action.kind === 'write' ? action.value : 0);
    }
  }
  return possible;
};

/** Reads like zeroes after a discard, or like what was there. */
const check = (image: Uint8Array, possible: readonly Possible[], open?: () => ReturnType<typeof memoryFile>): void => {
  const { corruptions } = checkImage(image);
  expect(corruptions).toEqual([]);
  const faults: unknown[] = [];
  const disk = openQcow2({
    file: memoryFile({ name: 'top', bytes: image }),
    onFault: (error) => faults.push(error),
    ...(open === undefined ? {} : { open }),
  });
  const found = readSectors(disk);
  for (const [at, values] of possible.entries()) {
    const value = found[at] ?? -1;
    if (values !== undefined && !values.has(value)) {
      expect.fail(`sector ${at} is ${value}, not one of ${[...values].join()}`);
    }
  }
  // What is left takes writes, and is sound after them.
  expect(disk.write(0, [new Uint8Array(SECTORS * 512)])).toBeUndefined();
  expect(disk.close()).toBeUndefined();
  expect(faults).toEqual([]);
};

const shape = fc.constantFrom(
  { clusterSize: 512, refcountBits: 64 },
  { clusterSize: 512, refcountBits: 1 },
  { clusterSize: 2048, refcountBits: 16 },
  { clusterSize: 4096, refcountBits: 4, version: 3 as const },
  { clusterSize: 2048, refcountBits: 16, version: 2 as const },
);

/** How the image is that is written when its host dies. */
export type Kind = 'alone' | 'over another' | 'with a snapshot';

/** Images of any shape, written in any way, with power lost after each change of the file. */
export const expectSoundAfterCrash = (kind: Kind, numRuns: number): void => {
  const hasBacking = kind === 'over another';
  const hasSnapshot = kind === 'with a snapshot';
  fc.assert(
    fc.property(shape, actions(SECTORS, 12), actions(SECTORS, 16), fc.nat(), (how, early, late, seed) => {
      const base = memoryFile({ name: 'base', bytes: new Uint8Array(SECTORS * 512) });
      for (let at = 0; at < SECTORS; at += 2) base.write(at * 512, sectorOf(9, at));
      const open = () => memoryFile({ name: 'base', bytes: base.contents() });
      const prepared = memoryFile({ name: 'top' });
      createQcow2({
        file: prepared,
        size: SECTORS * 512,
        ...how,
        ...(hasBacking ? { backing: { name: 'base', format: 'raw' as const } } : {}),
      });
      const known: Sectors = Array.from({ length: SECTORS }, (_, at) => (hasBacking && at % 2 === 0 ? 9 : 0));
      const setUp = openQcow2({ file: prepared, open });
      for (const action of early) {
        perform(setUp, action);
        model(known, action);
      }
      setUp.close();
      const isShared = hasSnapshot && how.refcountBits > 1;
      const before = isShared ? withSnapshot(prepared.contents()) : prepared.contents();
      expect(checkImage(before)).toEqual({ corruptions: [], leaks: 0 });

      const file = fakeHostFile({ bytes: before });
      const disk = openQcow2({ file, open, cacheSize: 0 });
      const recorded: Recorded[] = [];
      for (const action of [...late, { kind: 'flush' as const }]) {
        const begun = file.log.length;
        expect(perform(disk, action)).toBeUndefined();
        recorded.push({ before: begun, after: file.log.length, action });
      }
      disk.close();
      const random = seededRandom(seed + 1);
      for (let count = 0; count <= file.log.length; count++) {
        const image = contentsAfterCrash(before, file.log, count, random);
        check(image, possibleAfter(known, recorded, count), open);
        if (isShared)
          expect(firstDifference(readSectors(openQcow2({ file: snapshotOf(image) })), known)).toBeUndefined();
      }
    }),
    { numRuns },
  );
};
