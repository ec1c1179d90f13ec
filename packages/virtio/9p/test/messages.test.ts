import { describe, expect, it } from 'vitest';
import { T } from '../src/protocol-table.ts';
import { type Answer, NineDriver, ROOT, u16, u32, u64, u8 } from './nine-driver.ts';

const O_RDWR = 2;
const NOFID = 0xffff_ffff;
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const ok = (answer: Answer): Answer => {
  expect(answer.error).toBeUndefined();
  expect(answer.written).toBeGreaterThan(0);
  return answer;
};
const mounted = (options: ConstructorParameters<typeof NineDriver>[0] = {}): NineDriver =>
  new NineDriver(options).mount();

/** Makes a file as Linux does: a clone of the directory's fid becomes the file's. */
const create = (driver: NineDriver, fid: number, name: string, text = '', flags = O_RDWR, directory = ROOT) => {
  ok(driver.walk(directory, fid));
  const answer = ok(driver.call(T.LCREATE, [u32(fid), name, u32(flags), u32(0o644), u32(0)]));
  if (text !== '') write(driver, fid, 0, text);
  return { qid: answer.qid(), unit: answer.u32() };
};
const write = (driver: NineDriver, fid: number, offset: number, text: string): Answer =>
  driver.call(T.WRITE, [u32(fid), u64(offset), u32(text.length), bytes(text)]);
const read = (driver: NineDriver, fid: number, offset = 0, count = 4096, room = 8192): string => {
  const answer = ok(driver.call(T.READ, [u32(fid), u64(offset), u32(count)], room));
  return answer.text(answer.u32());
};
const getattr = (driver: NineDriver, fid: number) => {
  const answer = ok(driver.call(T.GETATTR, [u32(fid), u64(0x3fff)]));
  const [valid, qid] = [answer.u64(), answer.qid()];
  const [mode, uid, gid] = [answer.u32(), answer.u32(), answer.u32()];
  const [nlink, rdev, size, blksize, blocks] = [answer.u64(), answer.u64(), answer.u64(), answer.u64(), answer.u64()];
  const times = Array.from({ length: 8 }, () => BigInt.asIntN(64, answer.big()));
  const [gen, dataVersion] = [answer.u64(), answer.u64()];
  expect(answer.left).toBe(0);
  return { valid, qid, mode, uid, gid, nlink, rdev, size, blksize, blocks, times, gen, dataVersion };
};
const setattr = (
  driver: NineDriver,
  fid: number,
  valid: number,
  values: Partial<
    Record<'mode' | 'uid' | 'gid' | 'size' | 'atime' | 'atimensec' | 'mtime' | 'mtimensec', number | bigint>
  > = {},
): Answer => {
  const { mode = 0, uid = 0, gid = 0, size = 0, atime = 0, atimensec = 0, mtime = 0, mtimensec = 0 } = values;
  const words = [valid, mode, uid, gid].map((value) => u32(Number(value)));
  return driver.call(T.SETATTR, [
    u32(fid),
    ...words,
    ...[size, atime, atimensec, mtime, mtimensec].map((value) => u64(value)),
  ]);
};

describe('Tversion', () => {
  it('agrees on 9P2000.L and the smaller message', () => {
    const driver = new NineDriver({ parts: { msize: 65_536 } });
    const small = ok(driver.version('9P2000.L', 10_000));
    expect([small.u32(), small.name(), small.left]).toEqual([10_000, '9P2000.L', 0]);
    expect(ok(driver.version('9P2000.L', 0xffff_ffff)).u32()).toBe(65_536);
    expect(driver.version('9P2000.L', 8191).error).toBe('EINVAL');
  });

  it.each(['9P2000.u', '9P2000', '9P2001.L', '', 'x'.repeat(300)])('does not know %s', (version) => {
    const driver = new NineDriver();
    const answer = ok(driver.version(version));
    expect([answer.u32(), answer.name()]).toEqual([8192, 'unknown']);
    expect(driver.call(T.ATTACH, [u32(ROOT), u32(NOFID), '', '', u32(0)]).error).toBe('EPROTO');
  });

  it('starts anew: no fid of before is there', () => {
    const driver = mounted();
    create(driver, 5, 'file', 'abc');
    ok(driver.version());
    expect(driver.call(T.READ, [u32(5), u64(0), u32(10)]).error).toBe('EBADF');
    driver.mount();
    ok(driver.walk(ROOT, 5, 'file'));
    expect(getattr(driver, 5).size).toBe(3);
  });
});

describe('Tattach', () => {
  it('gives the root, and knows no authentication', () => {
    const driver = new NineDriver();
    ok(driver.version());
    const qid = ok(driver.call(T.ATTACH, [u32(ROOT), u32(NOFID), 'user', '/', u32(7)])).qid();
    expect(qid.type).toBe(0x80);
    expect(driver.call(T.AUTH, [u32(9), 'user', '', u32(0)]).error).toBe('EOPNOTSUPP');
    expect(driver.call(T.ATTACH, [u32(2), u32(9), 'user', '', u32(0)]).error).toBe('EINVAL');
    expect(driver.call(T.ATTACH, [u32(ROOT), u32(NOFID), 'user', '', u32(0)]).error).toBe('EINVAL');
    expect(driver.call(T.ATTACH, [u32(NOFID), u32(NOFID), 'user', '', u32(0)]).error).toBe('EINVAL');
    create(driver, 5, 'file');
    expect(getattr(driver, 5)).toMatchObject({ uid: 7, gid: 0 });
  });
});

describe('Twalk', () => {
  const deep = (): NineDriver => {
    const driver = mounted();
    ok(driver.call(T.MKDIR, [u32(ROOT), 'a', u32(0o755), u32(0)]));
    ok(driver.walk(ROOT, 2, 'a'));
    ok(driver.call(T.MKDIR, [u32(2), 'b', u32(0o755), u32(0)]));
    ok(driver.clunk(2));
    return driver;
  };

  it('goes down, as far as there are names', () => {
    const driver = deep();
    const whole = ok(driver.walk(ROOT, 2, 'a', 'b'));
    expect([whole.u16(), whole.qid().type, whole.qid().type, whole.left]).toEqual([2, 0x80, 0x80, 0]);
    const part = ok(driver.walk(ROOT, 3, 'a', 'x', 'b'));
    expect(part.u16()).toBe(1);
    expect(driver.clunk(3).error).toBe('EBADF');
    expect(driver.walk(ROOT, 3, 'x', 'a').error).toBe('ENOENT');
    expect(ok(driver.walk(ROOT, 3)).u16()).toBe(0);
    expect(driver.walk(99, 4).error).toBe('EBADF');
  });

  it('takes a fid that is free, or the one it goes from', () => {
    const driver = deep();
    ok(driver.walk(ROOT, 2, 'a'));
    expect(driver.walk(ROOT, 2, 'a').error).toBe('EINVAL');
    expect(driver.walk(ROOT, NOFID, 'a').error).toBe('EINVAL');
    ok(driver.walk(2, 2, 'b'));
    expect(driver.walk(2, 3, 'b').error).toBe('ENOENT');
    create(driver, 4, 'file');
    expect(driver.walk(4, 4).error).toBe('EINVAL');
    ok(driver.walk(4, 5));
  });

  it('takes 16 names at a time', () => {
    const driver = mounted();
    const many = Array.from({ length: 17 }, () => 'x');
    expect(driver.walk(ROOT, 2, ...many.slice(1)).error).toBe('ENOENT');
    expect(driver.walk(ROOT, 2, ...many).error).toBe('EINVAL');
    expect(driver.call(T.WALK, [u32(ROOT), u32(2), u16(0xffff)]).error).toBe('EINVAL');
  });

  it('holds what fids name, and no more: the backend can forget the rest', () => {
    const driver = deep();
    ok(driver.walk(ROOT, 2, 'a', 'b'));
    ok(driver.walk(2, 3));
    ok(driver.clunk(2));
    const { qid } = getattr(driver, 3);
    const node = Number(qid.path);
    expect(typeof driver.backend.getAttributes(node)).toBe('object');
    ok(driver.clunk(3));
    expect(driver.backend.getAttributes(node)).toBe('ESTALE');
    expect(driver.backend.getAttributes(2)).toBe('ESTALE');
  });

  it('makes no more fids than there may be', () => {
    const driver = mounted({ parts: { fids: 3 } });
    ok(driver.walk(ROOT, 2));
    ok(driver.walk(ROOT, 3));
    expect(driver.walk(ROOT, 4).error).toBe('ENFILE');
    ok(driver.clunk(2));
    ok(driver.walk(ROOT, 4));
  });
});

describe('names', () => {
  it('Tsymlink, Treadlink, Tmkdir, Tmknod and Tlink make what they say', () => {
    const driver = new NineDriver().mount(1000);
    expect(ok(driver.call(T.SYMLINK, [u32(ROOT), 'link', '../target', u32(100)])).qid().type).toBe(2);
    ok(driver.walk(ROOT, 2, 'link'));
    expect(ok(driver.call(T.READLINK, [u32(2)])).name()).toBe('../target');
    expect(getattr(driver, 2)).toMatchObject({ mode: 0o120777, uid: 1000, gid: 100 });
    ok(driver.call(T.MKDIR, [u32(ROOT), 'tmp', u32(0o1777), u32(100)]));
    ok(driver.walk(ROOT, 3, 'tmp'));
    expect(getattr(driver, 3)).toMatchObject({ mode: 0o041777, nlink: 2 });
    ok(driver.call(T.MKNOD, [u32(3), 'disk', u32(0o060660), u32(8), u32(0x1234), u32(0)]));
    ok(driver.walk(3, 4, 'disk'));
    expect(getattr(driver, 4)).toMatchObject({ mode: 0o060660, rdev: 0x120_0834 });
    ok(driver.call(T.LINK, [u32(ROOT), u32(4), 'other']));
    expect(getattr(driver, 4).nlink).toBe(2);
    expect(driver.call(T.LINK, [u32(ROOT), u32(3), 'no']).error).toBe('EPERM');
    expect(driver.call(T.READLINK, [u32(3)]).error).toBe('EINVAL');
  });

  it('Trenameat and Tunlinkat do as they say', () => {
    const driver = mounted();
    create(driver, 2, 'a', 'A');
    ok(driver.call(T.MKDIR, [u32(ROOT), 'd', u32(0o755), u32(0)]));
    ok(driver.walk(ROOT, 3, 'd'));
    ok(driver.call(T.RENAMEAT, [u32(ROOT), 'a', u32(3), 'b']));
    expect(driver.call(T.RENAMEAT, [u32(ROOT), 'a', u32(3), 'b']).error).toBe('ENOENT');
    expect(driver.call(T.UNLINKAT, [u32(ROOT), 'd', u32(0)]).error).toBe('EISDIR');
    expect(driver.call(T.UNLINKAT, [u32(ROOT), 'd', u32(0x200)]).error).toBe('ENOTEMPTY');
    expect(driver.call(T.UNLINKAT, [u32(3), 'b', u32(0x400)]).error).toBe('EINVAL');
    ok(driver.call(T.UNLINKAT, [u32(3), 'b', u32(0)]));
    ok(driver.call(T.UNLINKAT, [u32(ROOT), 'd', u32(0x200)]));
    // The file is open still.
    expect(read(driver, 2)).toBe('A');
  });

  it('Trename and Tremove find a file by its fid, unless others moved it', () => {
    const driver = mounted();
    ok(driver.clunk((create(driver, 2, 'a', 'A'), 2)));
    ok(driver.call(T.MKDIR, [u32(ROOT), 'd', u32(0o755), u32(0)]));
    ok(driver.walk(ROOT, 3, 'd'));
    ok(driver.walk(ROOT, 2, 'a'));
    ok(driver.call(T.RENAME, [u32(2), u32(3), 'b']));
    expect(driver.call(T.RENAME, [u32(2), u32(3), 'c']).error).toBe('ENOENT');
    ok(driver.walk(3, 4, 'b'));
    create(driver, 5, 'a', 'another');
    expect(driver.call(T.REMOVE, [u32(2)]).error).toBe('ENOENT');
    expect(driver.clunk(2).error).toBe('EBADF');
    ok(driver.call(T.REMOVE, [u32(4)]));
    ok(driver.call(T.REMOVE, [u32(3)]));
    expect(driver.call(T.REMOVE, [u32(ROOT)]).error).toBe('EBUSY');
    ok(driver.version());
    driver.mount();
    expect(driver.walk(ROOT, 2, 'd').error).toBe('ENOENT');
    ok(driver.walk(ROOT, 2, 'a'));
  });
});

describe('files', () => {
  it('Tlcreate, Twrite and Tread go straight between request and backend, in pieces', () => {
    for (const shared of [false, true]) {
      const driver = mounted({ queue: { piece: 7, shared } });
      const { qid, unit } = create(driver, 2, 'file');
      expect([qid.type, unit]).toEqual([0, 0]);
      expect(ok(write(driver, 2, 5, 'hello world')).u32()).toBe(11);
      expect(read(driver, 2)).toBe('\0\0\0\0\0hello world');
      expect(read(driver, 2, 10, 3)).toBe(' wo');
      expect(read(driver, 2, 16)).toBe('');
      expect(read(driver, 2, 5, 4096, 11 + 4)).toBe('hell');
      expect(getattr(driver, 2).size).toBe(16);
    }
  });

  it('Tlopen takes access, O_TRUNC and O_APPEND, once', () => {
    const driver = mounted();
    ok(driver.clunk((create(driver, 2, 'file', 'abc'), 2)));
    const open = (fid: number, flags: number): Answer => {
      ok(driver.walk(ROOT, fid, 'file'));
      return driver.call(T.LOPEN, [u32(fid), u32(flags)]);
    };
    ok(open(2, 0o100000));
    expect(write(driver, 2, 0, 'x').error).toBe('EBADF');
    expect(driver.call(T.LOPEN, [u32(2), u32(0)]).error).toBe('EINVAL');
    ok(open(3, 1 | 0o2000));
    ok(write(driver, 3, 0, 'def'));
    expect(read(driver, 2)).toBe('abcdef');
    expect(driver.call(T.READ, [u32(3), u64(0), u32(1)]).error).toBe('EBADF');
    ok(open(4, 2 | 0o1000));
    expect(read(driver, 2)).toBe('');
    expect(open(5, 3).error).toBe('EINVAL');
    ok(driver.walk(ROOT, 6));
    expect(driver.call(T.LOPEN, [u32(6), u32(1)]).error).toBe('EISDIR');
    ok(driver.walk(ROOT, 7));
    expect(driver.call(T.LCREATE, [u32(7), 'file', u32(0o202), u32(0o644), u32(0)]).error).toBe('EEXIST');
    expect(driver.call(T.READ, [u32(7), u64(0), u32(1)]).error).toBe('EBADF');
    // The fid is still that of the directory.
    ok(driver.walk(7, 8, 'file'));
  });

  it('Tfsync, with and without its last field, Tflush', () => {
    const driver = mounted();
    create(driver, 2, 'file');
    ok(driver.call(T.FSYNC, [u32(2), u32(1)]));
    ok(driver.call(T.FSYNC, [u32(2)]));
    expect(driver.call(T.FSYNC, [u32(ROOT), u32(0)]).error).toBe('EBADF');
    expect(driver.call(T.FSYNC, []).error).toBe('EINVAL');
    ok(driver.call(T.FLUSH, [u16(3)]));
  });

  it('changes the version in the qid with the file, and never says that there is none', () => {
    const driver = mounted();
    create(driver, 2, 'file', 'abc');
    const first = getattr(driver, 2).qid.version;
    expect(first).not.toBe(0);
    ok(write(driver, 2, 3, 'def'));
    expect(getattr(driver, 2).qid.version).not.toBe(first);
  });

  it('writes by others than root drop set-user-ID', () => {
    for (const [uid, mode] of [
      [0, 0o104755],
      [5, 0o100755],
    ] as const) {
      const driver = new NineDriver().mount(uid);
      create(driver, 2, 'file');
      ok(setattr(driver, 2, 1, { mode: 0o4755 }));
      ok(write(driver, 2, 0, 'x'));
      expect(getattr(driver, 2).mode).toBe(mode);
    }
  });
});

describe('Treaddir', () => {
  it.each([24 + 30, 4096])('gives every entry once in answers of at most %d bytes', (size) => {
    const driver = mounted();
    const names = Array.from({ length: 50 }, (_, index) => `entry-${'x'.repeat(index % 17)}${index}`);
    for (const name of names) ok(driver.clunk((create(driver, 2, name), 2)));
    ok(driver.walk(ROOT, 2));
    expect(driver.call(T.READDIR, [u32(2), u64(0), u32(size)]).error).toBe('EBADF');
    ok(driver.call(T.LOPEN, [u32(2), u32(0o200000)]));
    const seen: string[] = [];
    for (let offset = 0; ; ) {
      const answer = ok(driver.call(T.READDIR, [u32(2), u64(offset), u32(size)], 11 + size));
      const length = answer.u32();
      expect(answer.left).toBe(length);
      if (length === 0) break;
      while (answer.left > 0) {
        const qid = answer.qid();
        offset = answer.u64();
        const [type, name] = [answer.u8(), answer.name()];
        seen.push(name);
        expect([qid.type, type]).toEqual(name.startsWith('.') ? [0x80, 4] : [0, 8]);
      }
    }
    expect(seen).toEqual(['.', '..', ...names]);
    expect(driver.call(T.READ, [u32(2), u64(0), u32(10)]).error).toBe('EISDIR');
    expect(driver.call(T.READDIR, [u32(2), u64(0), u32(10)]).error).toBe('EINVAL');
  });
});

describe('attributes', () => {
  it('Tgetattr tells all that stat has', () => {
    const driver = mounted();
    const { qid } = create(driver, 2, 'file', 'abc');
    expect(getattr(driver, 2)).toMatchObject({
      ...{ valid: 0x7ff, mode: 0o100644, uid: 0, gid: 0, nlink: 1, size: 3, blksize: 4096, blocks: 8 },
      times: [1_700_000_000n, 123_456_789n, 1_700_000_000n, 123_456_789n, 1_700_000_000n, 123_456_789n, 0n, 0n],
      qid: { type: 0, path: qid.path },
    });
  });

  it('Tsetattr changes what is valid and no more', () => {
    const driver = mounted();
    create(driver, 2, 'file', 'abc');
    const all = { mode: 0o7777, uid: 9, gid: 10, size: 1, atime: 5n, atimensec: 6n, mtime: -7n, mtimensec: 8n };
    const set = (valid: number) => {
      ok(setattr(driver, 2, valid, all));
      return getattr(driver, 2);
    };
    expect(set(0)).toMatchObject({ mode: 0o100644, uid: 0, gid: 0, size: 3 });
    expect(set(1)).toMatchObject({ mode: 0o107777 });
    expect(set(2)).toMatchObject({ uid: 9, gid: 0 });
    expect(set(4)).toMatchObject({ uid: 9, gid: 10 });
    expect(set(8)).toMatchObject({ size: 1 });
    expect(set(0x90).times.slice(0, 4)).toEqual([5n, 6n, 1_700_000_000n, 123_456_789n]);
    expect(set(0x120).times.slice(0, 4)).toEqual([5n, 6n, -7n, 8n]);
    expect(set(0x30).times.slice(0, 4)).toEqual([1_700_000_000n, 123_456_789n, 1_700_000_000n, 123_456_789n]);
  });

  it('Tstatfs', () => {
    const answer = ok(mounted().call(T.STATFS, [u32(ROOT)]));
    expect([answer.u32(), answer.u32(), answer.u64(), answer.u64()]).toEqual([0x0102_1997, 4096, 4096, 4096]);
    expect([answer.u64(), answer.u64(), answer.u64(), answer.u64(), answer.u32(), answer.left]).toEqual([
      4096, 4096, 4095, 0, 255, 0,
    ]);
  });

  it('extended attributes are read through a fid, and set when one is clunked', () => {
    const driver = mounted();
    ok(driver.clunk((create(driver, 2, 'file'), 2)));
    const set = (name: string, value: string, flags = 0, size = value.length): Answer => {
      ok(driver.walk(ROOT, 3, 'file'));
      const created = driver.call(T.XATTRCREATE, [u32(3), name, u64(size), u32(flags)]);
      if (created.error === undefined && value !== '') {
        const half = value.length >> 1;
        ok(write(driver, 3, 0, value.slice(0, half)));
        ok(write(driver, 3, half, value.slice(half)));
      }
      const clunked = driver.clunk(3);
      return created.error === undefined ? clunked : created;
    };
    const get = (name: string): string | undefined => {
      const walked = driver.call(T.XATTRWALK, [u32(2), u32(4), name]);
      if (walked.error !== undefined) return walked.error;
      const size = walked.u64();
      const text = read(driver, 4, 0, 3) + read(driver, 4, 3);
      expect(text.length).toBe(size);
      ok(driver.clunk(4));
      return text;
    };
    ok(driver.walk(ROOT, 2, 'file'));
    ok(set('user.a', 'value'));
    ok(set('trusted.b', 'x', 1));
    expect(set('user.a', 'x', 1).error).toBe('EEXIST');
    expect(set('user.c', 'x', 2).error).toBe('ENODATA');
    expect(set('user.c', 'x', 3).error).toBe('EINVAL');
    expect(set('', 'x').error).toBe('EINVAL');
    expect(set('user.c', 'x', 0, 70_000).error).toBe('E2BIG');
    // Less than was announced: nothing is set.
    expect(set('user.c', 'x', 0, 5).error).toBe('EINVAL');
    expect([get('user.a'), get('user.c'), get('')]).toEqual(['value', 'ENODATA', 'user.a\0trusted.b\0']);
    ok(set('user.a', '', 2));
    expect(get('')).toBe('trusted.b\0');
    expect(driver.call(T.XATTRWALK, [u32(2), u32(2), '']).error).toBe('EINVAL');
    ok(driver.walk(ROOT, 3, 'file'));
    ok(driver.call(T.XATTRCREATE, [u32(3), 'user.d', u64(4), u32(0)]));
    expect(write(driver, 3, 1, 'x').error).toBe('EINVAL');
    expect(write(driver, 3, 0, 'too long').error).toBe('ENOSPC');
    expect(driver.call(T.LOPEN, [u32(3), u32(0)]).error).toBe('EINVAL');
  });

  it('fids hold a bounded amount of attributes', () => {
    const driver = mounted();
    ok(driver.clunk((create(driver, 2, 'file'), 2)));
    let refused: string | undefined;
    for (let fid = 10; fid < 900 && refused === undefined; fid++) {
      ok(driver.walk(ROOT, fid, 'file'));
      refused = driver.call(T.XATTRCREATE, [u32(fid), 'user.a', u64(65_536), u32(0)]).error;
    }
    expect(refused).toBe('ENOMEM');
    ok(driver.version());
    driver.mount();
    ok(driver.walk(ROOT, 10, 'file'));
    ok(driver.call(T.XATTRCREATE, [u32(10), 'user.a', u64(65_536), u32(0)]));
  });

  it('a backend without extended attributes says so as Linux takes it', () => {
    const driver = mounted();
    driver.backend.getExtendedAttribute = () => 'ENOSYS';
    expect(driver.call(T.XATTRWALK, [u32(ROOT), u32(2), 'user.a']).error).toBe('EOPNOTSUPP');
  });
});

describe('locks', () => {
  const [READ, WRITE, UNLOCK] = [0, 1, 2];
  const lock = (
    driver: NineDriver,
    type: number,
    start: bigint,
    length: bigint,
    pid: number,
    client = 'host',
  ): number => ok(driver.call(T.LOCK, [u32(2), u8(type), u32(1), u64(start), u64(length), u32(pid), client])).u8();

  it('Tlock and Tgetlock', () => {
    const driver = mounted();
    create(driver, 2, 'file');
    expect(lock(driver, WRITE, 10n, 10n, 7)).toBe(0);
    expect(lock(driver, READ, 19n, 0n, 8)).toBe(1);
    expect(lock(driver, READ, 20n, 0n, 8)).toBe(0);
    // The same process of another guest is another one.
    expect(lock(driver, READ, 10n, 1n, 7, 'other')).toBe(1);
    const getlock = (type: number, start: bigint, length: bigint) => {
      const answer = ok(driver.call(T.GETLOCK, [u32(2), u8(type), u64(start), u64(length), u32(9), 'me']));
      return [answer.u8(), answer.big(), answer.big(), answer.u32(), answer.name(), answer.left];
    };
    expect(getlock(WRITE, 0n, 0n)).toEqual([WRITE, 10n, 10n, 7, 'host', 0]);
    expect(getlock(WRITE, 20n, 0n)).toEqual([READ, 20n, 0n, 8, 'host', 0]);
    expect(getlock(READ, 25n, 5n)).toEqual([UNLOCK, 25n, 5n, 9, 'me', 0]);
    expect(lock(driver, UNLOCK, 0n, 0n, 7)).toBe(0);
    expect(lock(driver, READ, 10n, 1n, 7, 'other')).toBe(0);
    expect(lock(driver, READ, 2n ** 63n, 0n, 7)).toBe(2);
    expect(driver.call(T.LOCK, [u32(2), u8(3), u32(0), u64(0), u64(0), u32(1), '']).error).toBe('EINVAL');
    expect(driver.call(T.GETLOCK, [u32(2), u8(UNLOCK), u64(0), u64(0), u32(1), '']).error).toBe('EINVAL');
  });
});

describe('other types', () => {
  it.each([0, 6, 7, 9, 101, 106, 112, 114, 124, 126, 255])('%d is not known', (type) => {
    expect(mounted().call(type, [new Uint8Array(64)]).error).toBe('EOPNOTSUPP');
  });
});
