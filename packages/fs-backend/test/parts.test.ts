import { constants } from 'node:fs';
import { constants as os } from 'node:os';
import type { FsAttributes } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as backend from '../src/index.ts';

const { ERRNO, errnoOf, IdTable, Budget, nameFault, newOwner, OpenListing, permits, withoutPrivileges } = backend;

describe('numbers', () => {
  it('of errors are those of the platform, where it is Linux', () => {
    for (const [name, number] of Object.entries(ERRNO)) {
      const theirs = (os.errno as Readonly<Record<string, number>>)[name];
      if (theirs !== undefined && process.platform === 'linux') expect([name, number]).toEqual([name, theirs]);
    }
    expect(ERRNO.ENOENT).toBe(2);
  });

  it('of types are those of the platform', () => {
    for (const name of [
      'S_IFMT',
      'S_IFREG',
      'S_IFDIR',
      'S_IFCHR',
      'S_IFBLK',
      'S_IFIFO',
      'S_IFLNK',
      'S_IFSOCK',
    ] as const)
      expect([name, Object.entries(backend).find(([key]) => key === name)?.[1]]).toEqual([name, constants[name]]);
  });

  it('are told for whatever is thrown', () => {
    expect(errnoOf(Object.assign(new Error('no'), { code: 'ENOSPC' }))).toBe('ENOSPC');
    expect(errnoOf({ code: 'ENOTSUP' })).toBe('EOPNOTSUPP');
    for (const strange of [
      undefined,
      null,
      7,
      {},
      { code: 4 },
      { code: '__proto__' },
      { code: 'toString' },
      new Error('x'),
    ])
      expect(errnoOf(strange)).toBe('EIO');
  });
});

describe('a name', () => {
  it.each([
    ['', 'EINVAL'],
    ['.', 'EINVAL'],
    ['..', 'EINVAL'],
    ['a/b', 'EINVAL'],
    ['/', 'EINVAL'],
    ['a\0', 'EINVAL'],
    ['x'.repeat(256), 'ENAMETOOLONG'],
    ['x'.repeat(255), undefined],
    ['...', undefined],
    ['\xff', undefined],
  ])('%j is %s', (name, fault) => expect(nameFault(name)).toBe(fault));

  it('is its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        expect(backend.nameToBytes(backend.bytesToName(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(backend.nameToText(backend.textToName(text))).toBe(text);
        expect(backend.textToName(text).length).toBe(Buffer.byteLength(text));
      }),
    );
  });
});

describe('permissions', () => {
  const file = (mode: number): FsAttributes => ({ mode, uid: 1, gid: 2 }) as FsAttributes;
  it.each([
    [0o100640, 6, { uid: 1, gid: 9 }, true],
    [0o100640, 4, { uid: 3, gid: 2 }, true],
    [0o100640, 2, { uid: 3, gid: 2 }, false],
    [0o100640, 4, { uid: 3, gid: 3 }, false],
    // The owner's bits count for the owner, also where others may more.
    [0o100077, 4, { uid: 1, gid: 2 }, false],
    [0o100000, 6, { uid: 0, gid: 0 }, true],
    [0o100000, 1, { uid: 0, gid: 0 }, false],
    [0o100001, 1, { uid: 0, gid: 0 }, true],
    [0o040000, 1, { uid: 0, gid: 0 }, true],
    [0o100000, 0, { uid: 3, gid: 3 }, true],
  ])('%o, asked for %d by %o: %s', (mode, mask, caller, allowed) =>
    expect(permits(file(mode), mask, caller)).toBe(allowed),
  );

  it('drop set-user-ID, and set-group-ID with group execution, from files only', () => {
    expect(withoutPrivileges(0o106755)).toBe(0o100755);
    expect(withoutPrivileges(0o106745)).toBe(0o102745);
    expect(withoutPrivileges(0o046755)).toBe(0o046755);
  });

  it('give new entries the group of a directory with set-group-ID', () => {
    const caller = { uid: 5, gid: 6 };
    expect(newOwner({ mode: 0o040755, gid: 9 }, 0o100644, caller)).toEqual({ uid: 5, gid: 6, mode: 0o100644 });
    expect(newOwner({ mode: 0o042755, gid: 9 }, 0o100644, caller)).toEqual({ uid: 5, gid: 9, mode: 0o100644 });
    expect(newOwner({ mode: 0o042755, gid: 9 }, 0o040755, caller)).toEqual({ uid: 5, gid: 9, mode: 0o042755 });
  });
});

describe('a table of ids', () => {
  it('never gives a number twice, and is full at its cap', () => {
    const table = new IdTable<string>(2, 7);
    expect([table.add('a'), table.add('b'), table.add('c')]).toEqual([7, 8, undefined]);
    expect(table.remove(7)).toBe('a');
    expect(table.add('c')).toBe(9);
    expect([table.get(7), table.get(8), table.get(9), table.get(Number.NaN)]).toEqual([undefined, 'b', 'c', undefined]);
    table.clear();
    expect(table.size).toBe(0);
    expect(table.add('d')).toBe(10);
  });
});

describe('an open listing', () => {
  const look = (name: string) => (name === 'gone' ? undefined : { inode: BigInt(name.length), type: 0o100000 });

  it('comes in pages of any size, each entry once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 3 })), fc.integer({ min: 1, max: 5 }), (names, limit) => {
        const listing = new OpenListing(new Budget(1000));
        listing.list(names);
        const seen: string[] = [];
        for (let cookie = 0; ; ) {
          const page = listing.entries(cookie, limit, look);
          if (typeof page === 'string' || page.length === 0) break;
          seen.push(...page.map(({ name }) => name));
          cookie = page.at(-1)!.cookie;
        }
        expect(seen).toEqual(['.', '..', ...names]);
      }),
    );
  });

  it('leaves out what is gone and answers every cookie', () => {
    const listing = new OpenListing(new Budget(10));
    listing.list(['a', 'gone', 'b']);
    expect(listing.entries(2, 9, look)).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    expect(listing.entries(5, 9, look)).toEqual([]);
    expect(listing.entries(2 ** 53 - 1, 9, look)).toEqual([]);
    for (const cookie of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      expect(listing.entries(cookie, 9, look)).toBe('EINVAL');
  });

  it('keeps to the budget of all', () => {
    const budget = new Budget(3);
    const first = new OpenListing(budget);
    const second = new OpenListing(budget);
    expect(first.list(['a', 'b'])).toBeUndefined();
    expect(second.list(['a', 'b'])).toBe('ENOMEM');
    expect(first.list(['a'])).toBeUndefined();
    expect(second.list(['a', 'b'])).toBeUndefined();
    first.close();
    first.close();
    expect(first.list(['a', 'b'])).toBe('ENOMEM');
  });
});
