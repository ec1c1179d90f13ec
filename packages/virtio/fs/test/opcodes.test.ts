import { describe, expect, it } from 'vitest';
import { OPCODE as OP } from '../src/fuse-table.ts';
import { attributesAt, direntsOf, entryAt, type Field, FuseDriver, textOf, u32, u64 } from './fuse-driver.ts';
import {
  ROOT,
  O_RDWR,
  O_WRONLY,
  ready,
  ok,
  create,
  write,
  readFields,
  read,
  lookup,
  setattr,
  linuxDev,
} from './fuse-calls.ts';

describe('INIT', () => {
  it('agrees on flags, versions and sizes', () => {
    const driver = new FuseDriver();
    const { data, unique } = driver.initialize();
    expect(unique).toBe(4n);
    expect(data.byteLength).toBe(64);
    expect([data.getUint32(0, true), data.getUint32(4, true)]).toEqual([7, 38]);
    const flags = data.getUint32(12, true);
    for (const bit of [0, 3, 5, 12, 13, 14, 15, 18, 22, 23, 28]) expect([bit, (flags >>> bit) & 1]).toEqual([bit, 1]);
    // Locks and write-back only when they are wanted; access control lists and umask are the kernel's.
    for (const bit of [1, 4, 6, 10, 16, 17, 19, 20, 24, 26, 27, 29, 30, 31])
      expect([bit, (flags >>> bit) & 1]).toEqual([bit, 0]);
    expect(data.getUint32(20, true)).toBe(1024 * 1024);
    expect(data.getUint16(28, true)).toBe(256);
  });

  it('takes no flag that the driver does not have', () => {
    const { data } = new FuseDriver({ parts: { writeback: true, locks: true } }).initialize(1 << 5);
    expect(data.getUint32(12, true)).toBe(1 << 5);
  });

  it('offers locks and write-back when it is told to', () => {
    const flags = new FuseDriver({ parts: { writeback: true, locks: true } }).initialize().data.getUint32(12, true);
    for (const bit of [1, 10, 16]) expect((flags >>> bit) & 1).toBe(1);
  });

  it('lets files that bypass the cache be mapped', () => {
    const { data } = new FuseDriver({ parts: { cache: 'none' } }).initialize();
    expect([(data.getUint32(12, true) >>> 30) & 1, data.getUint32(32, true)]).toEqual([1, 1 << 4]);
  });

  it('asks a newer major version to come again, and refuses older ones', () => {
    const driver = new FuseDriver();
    const version = (major: number, minor: number) =>
      driver.call(OP.INIT, 0, [u32(major), u32(minor), u32(4096), u32(0)]);
    expect(ok(version(8, 0)).getUint32(0, true)).toBe(7);
    expect(driver.call(OP.GETATTR, ROOT).error).toBe('EIO');
    expect(version(6, 0).error).toBe('EPROTO');
    expect(version(7, 26).error).toBe('EPROTO');
    expect(version(7, 27).error).toBeUndefined();
    expect(driver.call(OP.GETATTR, ROOT).error).toBeUndefined();
  });

  it('comes before everything, and DESTROY ends it', () => {
    const driver = new FuseDriver();
    expect(driver.call(OP.GETATTR, ROOT).error).toBe('EIO');
    driver.initialize();
    const { nodeid, handle } = create(driver, 'file', 'abc');
    ok(driver.call(OP.DESTROY, 0));
    expect(driver.call(OP.GETATTR, ROOT).error).toBe('EIO');
    driver.initialize();
    expect(driver.call(OP.GETATTR, nodeid).error).toBe('ESTALE');
    expect(driver.call(OP.READ, nodeid, readFields(handle, 0, 10)).error).toBe('EBADF');
    expect(lookup(driver, 'file').attributes.size).toBe(3);
  });
});

describe('names', () => {
  it('LOOKUP gives node and attributes, and holds the node until FORGET', () => {
    const driver = ready();
    const made = create(driver, 'file', 'abc');
    driver.call(OP.RELEASE, made.nodeid, [u64(made.handle), u32(0), u32(0), u64(0)]);
    const found = lookup(driver, 'file');
    expect(found).toMatchObject({ nodeid: made.nodeid, generation: 0n, entryValid: 1, attrValid: 1 });
    expect(found.attributes).toMatchObject({
      size: 3,
      mode: 0o100644,
      nlink: 1,
      mtime: 1_700_000_000n,
      mtimensec: 123_456_789,
    });
    expect(driver.raw(driver.message(OP.FORGET, made.nodeid, [u64(1)]), 0, 0).written).toBe(0);
    expect(driver.call(OP.GETATTR, made.nodeid).error).toBeUndefined();
    driver.raw(driver.message(OP.FORGET, made.nodeid, [u64(1)]), 0, 0);
    expect(driver.call(OP.GETATTR, made.nodeid).error).toBe('ESTALE');
  });

  it('LOOKUP of nothing is remembered for as long as names are', () => {
    expect(ok(ready().call(OP.LOOKUP, ROOT, ['no'])).getBigUint64(0, true)).toBe(0n);
    expect(entryAt(ok(ready({ parts: { cache: 'always' } }).call(OP.LOOKUP, ROOT, ['no']))).entryValid).toBe(86_400);
    expect(ready({ parts: { cache: 'none' } }).call(OP.LOOKUP, ROOT, ['no']).error).toBe('ENOENT');
  });

  it('BATCH_FORGET gives many back', () => {
    const driver = ready();
    const nodes = ['a', 'b'].map((name) => {
      const { nodeid, handle } = create(driver, name);
      driver.call(OP.RELEASE, nodeid, [u64(handle), u32(0), u32(0), u64(0)]);
      return nodeid;
    });
    const items = nodes.flatMap((node) => [u64(node), u64(1)]);
    expect(driver.raw(driver.message(OP.BATCH_FORGET, 0, [u32(99), u32(0), ...items]), 0, 0).written).toBe(0);
    for (const node of nodes) expect(driver.call(OP.GETATTR, node).error).toBe('ESTALE');
  });

  it('SYMLINK, READLINK, LINK, MKDIR and MKNOD make what they say', () => {
    const driver = ready();
    driver.uid = 1000;
    driver.gid = 100;
    const link = entryAt(ok(driver.call(OP.SYMLINK, ROOT, ['link', '../target'])));
    expect(link.attributes).toMatchObject({ mode: 0o120777, uid: 1000, gid: 100 });
    expect(textOf(ok(driver.call(OP.READLINK, link.nodeid)))).toBe('../target');
    const directory = entryAt(ok(driver.call(OP.MKDIR, ROOT, [u32(0o1777), u32(0o022), 'tmp'])));
    expect(directory.attributes.mode).toBe(0o041777);
    const rdev = linuxDev(8, 0x1234);
    const node = entryAt(
      ok(driver.call(OP.MKNOD, directory.nodeid, [u32(0o060660), u32(rdev), u32(0), u32(0), 'disk'])),
    );
    expect(node.attributes).toMatchObject({ mode: 0o060660, rdev });
    const other = entryAt(ok(driver.call(OP.LINK, ROOT, [u64(node.nodeid), 'other'])));
    expect(other).toMatchObject({ nodeid: node.nodeid });
    expect(other.attributes.nlink).toBe(2);
  });

  it('UNLINK, RMDIR, RENAME and RENAME2 do as they say', () => {
    const driver = ready();
    create(driver, 'a', 'A');
    create(driver, 'b', 'B');
    const { nodeid } = entryAt(ok(driver.call(OP.MKDIR, ROOT, [u32(0o755), u32(0), 'd'])));
    expect(driver.call(OP.RENAME2, ROOT, [u64(ROOT), u32(1), u32(0), 'a', 'b']).error).toBe('EEXIST');
    ok(driver.call(OP.RENAME2, ROOT, [u64(ROOT), u32(2), u32(0), 'a', 'b']));
    expect(driver.call(OP.RENAME2, ROOT, [u64(ROOT), u32(4), u32(0), 'a', 'b']).error).toBe('EINVAL');
    expect(driver.call(OP.RENAME2, ROOT, [u64(ROOT), u32(3), u32(0), 'a', 'b']).error).toBe('EINVAL');
    ok(driver.call(OP.RENAME, ROOT, [u64(nodeid), 'a', 'c']));
    expect(driver.call(OP.RMDIR, ROOT, ['d']).error).toBe('ENOTEMPTY');
    expect(driver.call(OP.UNLINK, ROOT, ['d']).error).toBe('EISDIR');
    ok(driver.call(OP.UNLINK, nodeid, ['c']));
    ok(driver.call(OP.RMDIR, ROOT, ['d']));
    expect(driver.call(OP.UNLINK, ROOT, ['d']).error).toBe('ENOENT');
    ok(driver.call(OP.UNLINK, ROOT, ['b']));
  });
});

describe('files', () => {
  it('CREATE, WRITE and READ go straight between request and backend, in pieces', () => {
    for (const shared of [false, true]) {
      const driver = ready({ queue: { piece: 7, shared } });
      const { nodeid, handle, attributes } = create(driver, 'file');
      expect(attributes.mode).toBe(0o100644);
      expect(ok(write(driver, nodeid, handle, 5, 'hello world')).getUint32(0, true)).toBe(11);
      expect(read(driver, nodeid, handle)).toBe('\0\0\0\0\0hello world');
      expect(read(driver, nodeid, handle, 10, 3)).toBe(' wo');
      expect(read(driver, nodeid, handle, 16)).toBe('');
    }
  });

  it('OPEN takes access, O_TRUNC and O_APPEND', () => {
    const driver = ready();
    const { nodeid } = create(driver, 'file', 'abc');
    const open = (flags: number): number =>
      Number(ok(driver.call(OP.OPEN, nodeid, [u32(flags), u32(0)])).getBigUint64(0, true));
    expect(write(driver, nodeid, open(0), 0, 'x').error).toBe('EBADF');
    ok(write(driver, nodeid, open(O_WRONLY | 0o2000), 0, 'def'));
    expect(read(driver, nodeid, open(0o100000))).toBe('abcdef');
    open(O_WRONLY | 0o1000);
    expect(read(driver, nodeid, open(0))).toBe('');
    expect(driver.call(OP.OPEN, nodeid, [u32(3), u32(0)]).error).toBe('EINVAL');
    expect(driver.call(OP.CREATE, ROOT, [u32(O_RDWR | 0o200), u32(0o644), u32(0), u32(0), 'file']).error).toBe(
      'EEXIST',
    );
  });

  it('reads through what is opened for writing, and leaves the end to the kernel, when writes are kept back', () => {
    const driver = ready({ parts: { writeback: true } });
    const { nodeid } = create(driver, 'file', 'abc');
    const handle = Number(ok(driver.call(OP.OPEN, nodeid, [u32(O_WRONLY | 0o2000), u32(0)])).getBigUint64(0, true));
    expect(read(driver, nodeid, handle)).toBe('abc');
    ok(write(driver, nodeid, handle, 0, 'X'));
    expect(read(driver, nodeid, handle)).toBe('Xbc');
    expect(driver.call(OP.LSEEK, nodeid, [u64(handle), u64(0), u32(3), u32(0)]).error).toBe('ENOSYS');
  });

  it('says what the guest may keep of a file: all, nothing, or what did not change since', () => {
    const flagsOf = (driver: FuseDriver, nodeid: number): number =>
      ok(driver.call(OP.OPEN, nodeid, [u32(O_RDWR), u32(0)])).getUint32(8, true);
    const KEEP = 2;
    const always = ready({ parts: { cache: 'always' } });
    expect(flagsOf(always, create(always, 'file').nodeid) & 3).toBe(KEEP);
    const none = ready({ parts: { cache: 'none' } });
    expect(flagsOf(none, create(none, 'file').nodeid) & 3).toBe(1);
    const auto = ready();
    const { nodeid, handle } = create(auto, 'file', 'abc');
    expect(flagsOf(auto, nodeid) & 3).toBe(0);
    expect(flagsOf(auto, nodeid) & 3).toBe(KEEP);
    ok(write(auto, nodeid, handle, 3, 'def'));
    expect(flagsOf(auto, nodeid) & 3).toBe(0);
    expect(flagsOf(auto, nodeid) & 3).toBe(KEEP);
    setattr(auto, nodeid, 1 << 5, { mtime: 9n });
    expect(flagsOf(auto, nodeid) & 3).toBe(0);
  });

  it('needs a FLUSH at a close only for locks and kept writes', () => {
    const noFlush = (parts: ConstructorParameters<typeof FuseDriver>[0]): number => {
      const driver = ready(parts);
      return ok(driver.call(OP.OPEN, create(driver, 'f').nodeid, [u32(0), u32(0)])).getUint32(8, true) & (1 << 5);
    };
    expect(noFlush({})).toBe(1 << 5);
    expect(noFlush({ parts: { locks: true } })).toBe(0);
    expect(noFlush({ parts: { writeback: true } })).toBe(0);
  });

  it('FLUSH, FSYNC, SYNCFS and RELEASE', () => {
    const driver = ready();
    const { nodeid, handle } = create(driver, 'file');
    ok(driver.call(OP.FLUSH, nodeid, [u64(handle), u32(0), u32(0), u64(0)]));
    ok(driver.call(OP.FSYNC, nodeid, [u64(handle), u32(0), u32(0)]));
    ok(driver.call(OP.FSYNC, nodeid, [u64(handle), u32(1), u32(0)]));
    ok(driver.call(OP.SYNCFS, ROOT, [u64(0)]));
    ok(driver.call(OP.RELEASE, nodeid, [u64(handle), u32(0), u32(0), u64(0)]));
    expect(driver.call(OP.FSYNC, nodeid, [u64(handle), u32(0), u32(0)]).error).toBe('EBADF');
  });

  it('FALLOCATE, LSEEK and COPY_FILE_RANGE', () => {
    const driver = ready();
    const { nodeid, handle } = create(driver, 'file', 'abcdef');
    const fallocate = (mode: number, offset: number, length: number) =>
      driver.call(OP.FALLOCATE, nodeid, [u64(handle), u64(offset), u64(length), u32(mode), u32(0)]);
    ok(fallocate(3, 1, 2));
    expect(read(driver, nodeid, handle)).toBe('a\0\0def');
    ok(fallocate(0, 0, 10));
    ok(fallocate(0x10, 3, 1));
    expect(read(driver, nodeid, handle)).toBe('a\0\0\0ef\0\0\0\0');
    expect(fallocate(2, 0, 1).error).toBe('EOPNOTSUPP');
    expect(fallocate(8, 0, 1).error).toBe('EOPNOTSUPP');
    const lseek = (offset: number, whence: number) =>
      driver.call(OP.LSEEK, nodeid, [u64(handle), u64(offset), u32(whence), u32(0)]);
    ok(write(driver, nodeid, handle, 100_000, 'z'));
    expect(ok(lseek(50_000, 3)).getBigUint64(0, true)).toBe(98_304n);
    expect(ok(lseek(0, 4)).getBigUint64(0, true)).toBe(4096n);
    expect(lseek(200_000, 3).error).toBe('ENXIO');
    expect(lseek(0, 0).error).toBe('EINVAL');
    const to = create(driver, 'to');
    const copy = (flags: number) =>
      driver.call(OP.COPY_FILE_RANGE, nodeid, [
        u64(handle),
        u64(4),
        u64(to.nodeid),
        u64(to.handle),
        u64(1),
        u64(2),
        u64(flags),
      ]);
    expect(ok(copy(0)).getUint32(0, true)).toBe(2);
    expect(read(driver, to.nodeid, to.handle)).toBe('\0ef');
    expect(copy(1).error).toBe('EINVAL');
  });

  it('drops set-user-ID when the kernel says so', () => {
    const driver = ready();
    const { nodeid, handle } = create(driver, 'file', 'abc');
    const mode = (): number => attributesAt(ok(driver.call(OP.GETATTR, nodeid, [u32(0), u32(0), u64(0)])), 16).mode;
    ok(setattr(driver, nodeid, 1, { mode: 0o4755 }));
    ok(write(driver, nodeid, handle, 0, 'x'));
    expect(mode()).toBe(0o104755);
    ok(write(driver, nodeid, handle, 0, 'x', 1 << 2));
    expect(mode()).toBe(0o100755);
    ok(setattr(driver, nodeid, 1, { mode: 0o4755 }));
    ok(setattr(driver, nodeid, (1 << 3) | (1 << 11), { size: 1 }));
    expect(mode()).toBe(0o100755);
    ok(setattr(driver, nodeid, 1, { mode: 0o4755 }));
    ok(driver.call(OP.OPEN, nodeid, [u32(O_WRONLY | 0o1000), u32(1)]));
    expect(mode()).toBe(0o100755);
  });
});

describe('directories', () => {
  const fill = (driver: FuseDriver, count: number): readonly string[] => {
    const names = Array.from({ length: count }, (_, index) => `entry-${'x'.repeat(index % 17)}${index}`);
    for (const name of names) create(driver, name, name);
    return names;
  };

  it.each([
    [OP.READDIR, 24 + 8],
    [OP.READDIR, 4096],
    [OP.READDIRPLUS, 24 + 128 + 32],
    [OP.READDIRPLUS, 4096],
  ])('opcode %d gives every entry once in answers of at most %d bytes', (opcode, size) => {
    const driver = ready();
    const names = fill(driver, 70);
    const handle = Number(ok(driver.call(OP.OPENDIR, ROOT, [u32(0), u32(0)])).getBigUint64(0, true));
    const seen: ReturnType<typeof direntsOf>[number][] = [];
    for (let offset = 0; ; ) {
      const answer = driver.call(opcode, ROOT, readFields(handle, offset, Math.max(size, 64)), 16 + Math.max(size, 64));
      const entries = direntsOf(ok(answer), opcode === OP.READDIRPLUS);
      if (entries.length === 0) break;
      seen.push(...entries);
      offset = entries.at(-1)!.off;
    }
    expect(seen.map(({ name }) => name)).toEqual(['.', '..', ...names]);
    expect(seen.map(({ type }) => type)).toEqual([4, 4, ...names.map(() => 8)]);
    ok(driver.call(OP.FSYNCDIR, ROOT, [u64(handle), u32(0), u32(0)]));
    ok(driver.call(OP.RELEASEDIR, ROOT, [u64(handle), u32(0), u32(0), u64(0)]));
    expect(driver.call(opcode, ROOT, readFields(handle, 0, 4096)).error).toBe('EBADF');
  });

  it('READDIRPLUS holds what it gives, but for . and .., and nothing that had no room', () => {
    const driver = ready();
    const { nodeid, handle: file } = create(driver, 'file', 'abc');
    driver.call(OP.RELEASE, nodeid, [u64(file), u32(0), u32(0), u64(0)]);
    driver.raw(driver.message(OP.FORGET, nodeid, [u64(1)]), 0, 0);
    const handle = Number(ok(driver.call(OP.OPENDIR, ROOT, [u32(0), u32(0)])).getBigUint64(0, true));
    const two = (24 + 128 + 8) * 2;
    const first = direntsOf(ok(driver.call(OP.READDIRPLUS, ROOT, readFields(handle, 0, two + 100), 4096)), true);
    expect(first.map(({ name, entry }) => [name, entry?.nodeid])).toEqual([
      ['.', 0],
      ['..', 0],
    ]);
    expect(driver.call(OP.GETATTR, nodeid).error).toBe('ESTALE');
    const rest = direntsOf(ok(driver.call(OP.READDIRPLUS, ROOT, readFields(handle, 2, 4096), 4096)), true);
    expect(rest[0]?.entry).toMatchObject({ nodeid, attributes: { size: 3, mode: 0o100644 } });
    expect(driver.call(OP.GETATTR, nodeid).error).toBeUndefined();
  });

  it('may be cached by a guest that is alone', () => {
    const flags = (cache: 'always' | 'auto'): number =>
      ok(ready({ parts: { cache } }).call(OP.OPENDIR, ROOT, [u32(0), u32(0)])).getUint32(8, true);
    expect([flags('always'), flags('auto')]).toEqual([2 | 8, 0]);
  });
});

describe('attributes', () => {
  it('SETATTR changes what is valid and no more', () => {
    const driver = ready();
    const { nodeid } = create(driver, 'file', 'abc');
    const set = (...args: [valid: number, values?: Parameters<typeof setattr>[3]]) =>
      attributesAt(ok(setattr(driver, nodeid, ...args)), 16);
    const all = { size: 1, atime: 5n, mtime: -7n, atimensec: 6, mtimensec: 8, mode: 0o7777, uid: 9, gid: 10 };
    const before = attributesAt(ok(driver.call(OP.GETATTR, nodeid)), 16);
    expect(set(0, all)).toEqual(before);
    expect(set(1, all)).toMatchObject({ mode: 0o107777, uid: 0, size: 3 });
    expect(set(2, all)).toMatchObject({ uid: 9, gid: 0, mode: 0o101777 });
    expect(set(4, all)).toMatchObject({ uid: 9, gid: 10 });
    expect(set(8, all)).toMatchObject({ size: 1 });
    expect(set(1 << 4, all)).toMatchObject({ atime: 5n, atimensec: 6, mtime: 1_700_000_000n });
    expect(set(1 << 5, all)).toMatchObject({ mtime: -7n, mtimensec: 8 });
    expect(set((1 << 4) | (1 << 7) | (1 << 5) | (1 << 8), all)).toMatchObject({
      atime: 1_700_000_000n,
      mtime: 1_700_000_000n,
    });
  });

  it('ACCESS and STATFS', () => {
    const driver = ready();
    const { nodeid } = create(driver, 'file');
    driver.uid = 7;
    expect(driver.call(OP.ACCESS, nodeid, [u32(2), u32(0)]).error).toBe('EACCES');
    ok(driver.call(OP.ACCESS, nodeid, [u32(4), u32(0)]));
    const data = ok(driver.call(OP.STATFS, ROOT));
    expect(data.byteLength).toBe(80);
    expect(data.getBigUint64(0, true)).toBe(4096n);
    expect([data.getUint32(40, true), data.getUint32(44, true), data.getUint32(48, true)]).toEqual([4096, 255, 4096]);
  });

  it('extended attributes, first their size, then their value', () => {
    const driver = ready();
    const { nodeid } = create(driver, 'file');
    const set = (name: string, value: string, flags = 0) =>
      driver.call(OP.SETXATTR, nodeid, [u32(value.length), u32(flags), name, new TextEncoder().encode(value)]);
    const get = (name: string, size: number) => driver.call(OP.GETXATTR, nodeid, [u32(size), u32(0), name]);
    const list = (size: number) => driver.call(OP.LISTXATTR, nodeid, [u32(size), u32(0)]);
    ok(set('user.a', 'value'));
    expect(set('user.a', 'x', 1).error).toBe('EEXIST');
    expect(set('user.b', 'x', 2).error).toBe('ENODATA');
    expect(set('user.b', 'x', 3).error).toBe('EINVAL');
    ok(set('user.b', '', 1));
    expect(ok(get('user.a', 0)).getUint32(0, true)).toBe(5);
    expect(get('user.a', 4).error).toBe('ERANGE');
    expect(textOf(ok(get('user.a', 5)))).toBe('value');
    expect(get('user.c', 5).error).toBe('ENODATA');
    expect(ok(list(0)).getUint32(0, true)).toBe(14);
    expect(textOf(ok(list(14)))).toBe('user.a\0user.b\0');
    expect(list(13).error).toBe('ERANGE');
    ok(driver.call(OP.REMOVEXATTR, nodeid, ['user.a']));
    expect(driver.call(OP.REMOVEXATTR, nodeid, ['user.a']).error).toBe('ENODATA');
    ok(driver.call(OP.SETXATTR, nodeid, [u32(65_536), u32(0), `user.${'x'.repeat(250)}`, new Uint8Array(65_536)]));
  });
});

describe('locks', () => {
  const LAST = 2n ** 63n - 1n;
  const lock = (owner: number, type: number, start = 0n, end = LAST, flags = 0): readonly Field[] => [
    ...[u64(0), u64(owner), u64(start), u64(end), u32(type), u32(55), u32(flags), u32(0)],
  ];
  const [READ, WRITE, UNLOCK] = [0, 1, 2];

  it('GETLK and SETLK', () => {
    const driver = ready({ parts: { locks: true } });
    const { nodeid } = create(driver, 'file');
    ok(driver.call(OP.SETLK, nodeid, lock(1, WRITE, 10n, 19n)));
    expect(driver.call(OP.SETLK, nodeid, lock(2, READ, 19n, 30n)).error).toBe('EAGAIN');
    const found = ok(driver.call(OP.GETLK, nodeid, lock(2, READ)));
    expect([
      found.getBigUint64(0, true),
      found.getBigUint64(8, true),
      found.getUint32(16, true),
      found.getUint32(20, true),
    ]).toEqual([10n, 19n, WRITE, 55]);
    expect(ok(driver.call(OP.GETLK, nodeid, lock(2, READ, 20n))).getUint32(16, true)).toBe(UNLOCK);
    ok(driver.call(OP.SETLK, nodeid, lock(2, WRITE, 0n, 0n, 1)));
    expect(driver.call(OP.SETLK, nodeid, lock(3, WRITE, 5n, 6n, 1)).error).toBe('EAGAIN');
    // A close gives record locks back, the last one also those of flock.
    ok(driver.call(OP.FLUSH, nodeid, [u64(create(driver, 'other').handle), u32(0), u32(0), u64(1)]));
    ok(driver.call(OP.SETLK, nodeid, lock(2, READ, 19n, 30n)));
    ok(driver.call(OP.RELEASE, nodeid, [u64(99), u32(0), u32(2), u64(2)]));
    ok(driver.call(OP.SETLK, nodeid, lock(3, WRITE, 5n, 6n, 1)));
  });

  it('SETLKW waits until the lock is free, is interrupted, or the device is reset', () => {
    const driver = ready({ parts: { locks: true } });
    const { nodeid } = create(driver, 'file');
    ok(driver.call(OP.SETLK, nodeid, lock(1, WRITE)));
    const waiting = driver.submit(driver.message(OP.SETLKW, nodeid, lock(2, WRITE)));
    const interrupted = driver.submit(driver.message(OP.SETLKW, nodeid, lock(3, WRITE), 1234n));
    expect([waiting.written, interrupted.written]).toEqual([undefined, undefined]);
    expect(driver.raw(driver.message(OP.INTERRUPT, 0, [u64(1234n)]), 0, 0).written).toBe(0);
    expect(new DataView(interrupted.answer.buffer).getInt32(4, true)).toBe(-4);
    // Who unlocks may do so with SETLKW, too.
    ok(driver.call(OP.SETLKW, nodeid, lock(1, UNLOCK)));
    expect(new DataView(waiting.answer.buffer).getInt32(4, true)).toBe(0);
    const last = driver.submit(driver.message(OP.SETLKW, nodeid, lock(4, WRITE)));
    driver.queue.kill();
    driver.start();
    expect(last.written).toBeUndefined();
    driver.initialize();
    ok(driver.call(OP.SETLK, lookup(driver, 'file').nodeid, lock(5, WRITE)));
  });

  it('waiters leave room in the queue for those who unlock', () => {
    const driver = ready({ parts: { locks: true } });
    const { nodeid } = create(driver, 'file');
    ok(driver.call(OP.SETLK, nodeid, lock(1, WRITE)));
    const waiters = Array.from({ length: 10 }, (_, index) =>
      driver.submit(driver.message(OP.SETLKW, nodeid, lock(10 + index, READ))),
    );
    const errors = waiters.map(({ answer, written }) => written && new DataView(answer.buffer).getInt32(4, true));
    expect(errors).toEqual([...Array.from({ length: 8 }, () => undefined), -37, -37]);
    ok(driver.call(OP.SETLK, nodeid, lock(1, UNLOCK)));
    expect(waiters.every(({ written }) => written === 16)).toBe(true);
    expect(driver.queue.inFlight).toBe(0);
  });
});

describe('other opcodes', () => {
  it.each([0, 7, 19, 37, 39, 40, 48, 49, 51, 52, 100, 4096, 0xffff_ffff])('%d is not known', (opcode) => {
    expect(ready().call(opcode, ROOT, [new Uint8Array(64)]).error).toBe('ENOSYS');
  });
});
