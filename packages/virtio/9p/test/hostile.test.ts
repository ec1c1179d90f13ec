import { bind, FS_ROOT, FsBackendToken, VirtioDeviceToken } from '@vivarium/contracts';
import { hostileSuite, seededRandom, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { Virtio9p, virtio9p } from '../src/index.ts';
import { T } from '../src/protocol-table.ts';
import { type Field, memory, NineDriver, ROOT, u16, u32, u64, u8 } from './nine-driver.ts';

const NOFID = 0xffff_ffff;
const VERSION = new NineDriver().message(T.VERSION, [u32(8192), '9P2000.L']);

describe('a hostile driver of the 9P device', () => {
  const subject = () => ({
    device: new Virtio9p({ backend: memory(), tag: 'share', msize: 65_536, fids: 100, queueSize: 128 }),
    probe: {
      queue: 0,
      readable: [VERSION.subarray(0, 5), VERSION.subarray(5)],
      writable: [7, 14],
      answered: (written: Uint8Array, length: number) => length === 21 && written[4] === 101,
    },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

const works = (driver: NineDriver): void => expect(driver.call(T.GETATTR, [u32(ROOT), u64(0)]).error).toBeUndefined();
const withSize = (message: Uint8Array, size: number): Uint8Array => {
  new DataView(message.buffer).setUint32(0, size, true);
  return message;
};

describe('a message that is none', () => {
  const driver = () => new NineDriver().mount();

  it('shorter than a header, or than it says, or beyond msize, comes back empty', () => {
    const nine = driver();
    const message = nine.message(T.GETATTR, [u32(ROOT), u64(0)]);
    for (let length = 0; length < message.length; length++) expect(nine.raw(message.slice(0, length)).written).toBe(0);
    for (const size of [0, 6, message.length + 1, 0x7fff_ffff, 0xffff_ffff])
      expect(nine.raw(withSize(message.slice(), size)).written).toBe(0);
    expect(nine.call(T.WRITE, [u32(ROOT), u64(0), u32(9000), new Uint8Array(9000)]).written).toBe(0);
    works(nine);
  });

  it('cut anywhere in its fields is refused', () => {
    const nine = driver();
    const requests: readonly (readonly [number, readonly Field[]])[] = [
      [T.ATTACH, [u32(9), u32(NOFID), 'user', 'tree', u32(0)]],
      [T.WALK, [u32(ROOT), u32(9), u16(2), 'a', 'b']],
      [T.LOPEN, [u32(ROOT), u32(0)]],
      [T.LCREATE, [u32(ROOT), 'name', u32(0), u32(0), u32(0)]],
      [T.SYMLINK, [u32(ROOT), 'name', 'target', u32(0)]],
      [T.MKNOD, [u32(ROOT), 'name', u32(0o100644), u32(0), u32(0), u32(0)]],
      [T.MKDIR, [u32(ROOT), 'name', u32(0o755), u32(0)]],
      [T.LINK, [u32(ROOT), u32(ROOT), 'name']],
      [T.RENAME, [u32(ROOT), u32(ROOT), 'name']],
      [T.RENAMEAT, [u32(ROOT), 'name', u32(ROOT), 'other']],
      [T.UNLINKAT, [u32(ROOT), 'name', u32(0)]],
      [T.READ, [u32(ROOT), u64(0), u32(0)]],
      [T.WRITE, [u32(ROOT), u64(0), u32(4), new Uint8Array(4)]],
      [T.READDIR, [u32(ROOT), u64(0), u32(0)]],
      [T.GETATTR, [u32(ROOT), u64(0)]],
      [T.SETATTR, [u32(ROOT), new Uint8Array(56)]],
      [T.STATFS, [u32(ROOT)]],
      [T.XATTRWALK, [u32(ROOT), u32(9), 'user.name']],
      [T.XATTRCREATE, [u32(ROOT), 'user.name', u64(4), u32(0)]],
      [T.LOCK, [u32(ROOT), u8(0), u32(0), u64(0), u64(0), u32(0), 'client']],
      [T.GETLOCK, [u32(ROOT), u8(0), u64(0), u64(0), u32(0), 'client']],
      [T.READLINK, [u32(ROOT)]],
      [T.CLUNK, [u32(ROOT)]],
      [T.REMOVE, [u32(ROOT)]],
      [T.VERSION, [u32(8192), '9P2000.L']],
    ];
    for (const [type, fields] of requests) {
      const whole = nine.message(type, fields);
      for (let size = 7; size < whole.length; size++) {
        const { error } = nine.raw(withSize(whole.slice(0, size), size));
        expect([type, size, error]).toEqual([type, size, 'EINVAL']);
      }
    }
    expect(nine.backend.lookup(FS_ROOT, 'name')).toBe('ENOENT');
    works(nine);
  });

  it('without room for an answer is not carried out', () => {
    const nine = driver();
    for (let room = 0; room < 11; room++)
      expect(nine.call(T.MKDIR, [u32(ROOT), 'd', u32(0o755), u32(0)], room).written).toBe(0);
    expect(nine.backend.lookup(FS_ROOT, 'd')).toBe('ENOENT');
    expect(nine.call(T.GETATTR, [u32(ROOT), u64(0)], 11).error).toBe('EINVAL');
    works(nine);
  });

  it('with counts that cannot be is refused, or served as far as there is room', () => {
    const nine = driver();
    nine.walk(ROOT, 2);
    nine.call(T.LCREATE, [u32(2), 'file', u32(2), u32(0o644), u32(0)]);
    const write = (offset: bigint, count: number, length: number) =>
      nine.call(T.WRITE, [u32(2), u64(offset), u32(count), new Uint8Array(length)]).error;
    expect(write(0n, 11, 10)).toBe('EINVAL');
    expect(write(0n, 0xffff_ffff, 10)).toBe('EINVAL');
    expect(write(2n ** 53n, 1, 1)).toBe('EINVAL');
    expect(write(2n ** 64n - 1n, 1, 1)).toBe('EINVAL');
    expect(write(2n ** 52n, 1, 1)).toBe('EFBIG');
    expect(write(0n, 10, 10)).toBeUndefined();
    const read = (offset: bigint, count: number, room: number) =>
      nine.call(T.READ, [u32(2), u64(offset), u32(count)], room);
    expect(read(0n, 0xffff_ffff, 11 + 4).u32()).toBe(4);
    expect(read(0n, 0xffff_ffff, 11).u32()).toBe(0);
    expect(read(2n ** 64n - 1n, 1, 100).error).toBe('EINVAL');
    // More room than msize changes nothing.
    for (let offset = 0n; offset < 9000n; offset += 1000n) write(offset, 1000, 1000);
    expect(read(0n, 0xffff_ffff, 100_000).u32()).toBe(8192 - 11);
    works(nine);
  });
});

describe('G23 paths and fids out of the share', () => {
  it.each(['', '.', '..', '/', '/etc/passwd', '../x', 'a/b', 'a\0', 'x'.repeat(256), 'x'.repeat(8000)])(
    'the name %j',
    (name) => {
      const nine = new NineDriver().mount();
      nine.call(T.MKDIR, [u32(ROOT), 'a', u32(0o755), u32(0)]);
      const error = name.length > 255 ? 'ENAMETOOLONG' : 'EINVAL';
      for (const [type, fields] of [
        [T.WALK, [u32(ROOT), u32(2), u16(1), name]],
        [T.LCREATE, [u32(ROOT), name, u32(2), u32(0o644), u32(0)]],
        [T.MKDIR, [u32(ROOT), name, u32(0o755), u32(0)]],
        [T.MKNOD, [u32(ROOT), name, u32(0o100644), u32(0), u32(0), u32(0)]],
        [T.SYMLINK, [u32(ROOT), name, 'target', u32(0)]],
        [T.UNLINKAT, [u32(ROOT), name, u32(0)]],
        [T.UNLINKAT, [u32(ROOT), name, u32(0x200)]],
        [T.RENAMEAT, [u32(ROOT), name, u32(ROOT), 'b']],
        [T.RENAMEAT, [u32(ROOT), 'a', u32(ROOT), name]],
      ] as const) {
        expect([type, nine.call(type, fields).error]).toEqual([type, error]);
      }
      // After a name that is there, too: the walk ends before it.
      expect(nine.walk(ROOT, 2, 'a', name).u16()).toBe(1);
      expect(nine.clunk(2).error).toBe('EBADF');
    },
  );

  it('nothing is found through a symbolic link', () => {
    const nine = new NineDriver().mount();
    nine.call(T.SYMLINK, [u32(ROOT), 'link', '/etc', u32(0)]);
    expect(nine.walk(ROOT, 2, 'link', 'passwd').u16()).toBe(1);
    nine.walk(ROOT, 2, 'link');
    expect(nine.call(T.LOPEN, [u32(2), u32(0)]).error).toBe('ELOOP');
    expect(nine.call(T.LCREATE, [u32(2), 'x', u32(2), u32(0o644), u32(0)]).error).toBe('ENOTDIR');
  });

  it('fids that are none, and twice the same', () => {
    const nine = new NineDriver().mount();
    for (const fid of [0, 2, 0x7fff_ffff, NOFID]) {
      for (const type of Object.values(T)) {
        if (([T.VERSION, T.ATTACH, T.AUTH, T.FLUSH] as number[]).includes(type)) continue;
        const { error } = nine.call(type, [u32(fid), u32(fid), u16(0), ...Array.from({ length: 10 }, () => u64(0))]);
        expect([type, ['EBADF', 'EINVAL'].includes(error ?? '')]).toEqual([type, true]);
      }
    }
    nine.walk(ROOT, 2);
    expect(nine.walk(ROOT, 2).error).toBe('EINVAL');
    expect(nine.call(T.XATTRWALK, [u32(ROOT), u32(2), '']).error).toBe('EINVAL');
    expect(nine.call(T.ATTACH, [u32(2), u32(NOFID), '', '', u32(0)]).error).toBe('EINVAL');
    works(nine);
  });

  it('an answer carries the tag of its request, whatever that is', () => {
    const nine = new NineDriver().mount();
    for (const tag of [0, 0x8000, 0xffff]) {
      expect(nine.raw(nine.message(T.GETATTR, [u32(ROOT), u64(0)], tag)).tag).toBe(tag);
      expect(nine.raw(nine.message(T.GETATTR, [u32(99), u64(0)], tag)).tag).toBe(tag);
    }
  });
});

describe('G24 cookies', () => {
  it('any gives an end or an error', () => {
    const nine = new NineDriver().mount();
    nine.walk(ROOT, 2);
    nine.call(T.LOPEN, [u32(2), u32(0)]);
    for (const cookie of [3n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      const answer = nine.call(T.READDIR, [u32(2), u64(cookie), u32(4096)]);
      if (answer.error === undefined) expect(answer.u32()).toBe(0);
      else expect(answer.error).toBe('EINVAL');
    }
  });
});

describe('messages out of a hat', () => {
  const TYPES = Object.values(T);
  const STRANGE = [0n, 1n, 2n, 40n, 4096n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n];

  it.each([1, 2, 3, 4])('never break the device (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[random(from.length)];
    const nine = new NineDriver({ queue: { piece: 13, size: 64 }, parts: { fids: 40 } }).mount();
    const fid = (): Field => u32(random(10) === 0 ? pick([0, NOFID, 0x8000_0000]) : random(12));
    const name = (): string => pick(['a', 'b', 'c', 'd', '..', 'a/b', 'user.x', '', '\xff', 'x'.repeat(300)]);
    const field = (): Field => {
      switch (random(6)) {
        case 0:
          return u32(Number(BigInt.asUintN(32, pick(STRANGE))));
        case 1:
          return u64(pick(STRANGE));
        case 2:
          return fid();
        case 3:
          return name();
        case 4:
          return u16(random(20));
        default:
          return new Uint8Array(random(60)).fill(random(256));
      }
    };
    // Most have a shape that makes sense, so that they get past the first check.
    const shaped: Readonly<Record<number, () => readonly Field[]>> = {
      [T.VERSION]: () => [u32(pick([8192, 100, 65_536])), pick(['9P2000.L', '9P2000.L', '9P2000.u'])],
      [T.ATTACH]: () => [fid(), u32(NOFID), 'u', '', u32(random(2))],
      [T.WALK]: () => {
        const names = Array.from({ length: random(3) }, name);
        return [fid(), fid(), u16(names.length), ...names];
      },
      [T.LCREATE]: () => [fid(), name(), u32(random(4) | (random(2) << 9)), u32(random(0o10000)), u32(random(3))],
      [T.LOPEN]: () => [fid(), u32(random(4) | (random(2) << 9))],
      [T.MKDIR]: () => [fid(), name(), u32(random(0o10000)), u32(0)],
      [T.SYMLINK]: () => [fid(), name(), name(), u32(0)],
      [T.RENAMEAT]: () => [fid(), name(), fid(), name()],
      [T.RENAME]: () => [fid(), fid(), name()],
      [T.LINK]: () => [fid(), fid(), name()],
      [T.UNLINKAT]: () => [fid(), name(), u32(pick([0, 0x200]))],
      [T.WRITE]: () => [fid(), u64(random(100_000)), u32(8), new Uint8Array(8)],
      [T.READ]: () => [fid(), u64(pick([0n, 5n, ...STRANGE])), u32(random(5000))],
      [T.READDIR]: () => [fid(), u64(pick([0n, 0n, 2n, ...STRANGE])), u32(random(5000))],
      [T.SETATTR]: () => [
        fid(),
        u32(random(1024)),
        u32(random(0o10000)),
        u32(1),
        u32(2),
        u64(pick([0n, 9n, ...STRANGE])),
        new Uint8Array(32),
      ],
      [T.XATTRWALK]: () => [fid(), fid(), pick(['', 'user.x'])],
      [T.XATTRCREATE]: () => [fid(), pick(['user.x', 'user.y']), u64(pick([0n, 8n, 60_000n])), u32(random(4))],
      [T.LOCK]: () => [fid(), u8(random(4)), u32(0), u64(random(9)), u64(random(9)), u32(random(3)), 'c'],
    };
    let served = 0;
    for (let count = 0; count < 30_000; count++) {
      const type = random(20) === 0 ? random(256) : pick(TYPES);
      if (type === T.VERSION && random(50) > 0) continue;
      const hat = (): readonly Field[] => [fid(), ...Array.from({ length: random(7) }, field)];
      const fields = random(4) === 0 ? hat() : (shaped[type] ?? hat)();
      const message = nine.message(type, fields);
      if (random(10) === 0) message[random(message.length)] = random(256);
      const cut = random(10) === 0 ? message.slice(0, random(message.length + 1)) : message;
      const room = pick([0, 8, 11, 64, 200, 4096]);
      const request = nine.submit(cut, room);
      expect(request.written).toBeDefined();
      if (request.written === 0) continue;
      served++;
      const head = new DataView(request.answer.buffer);
      expect(head.getUint32(0, true)).toBe(request.written);
      expect([7, (message[4] ?? 0) + 1]).toContain(head.getUint8(4));
      if (random(200) === 0) nine.call(T.ATTACH, [u32(ROOT), u32(NOFID), '', '', u32(0)]);
    }
    expect(served).toBeGreaterThan(10_000);
    nine.start();
    nine.mount();
    expect(nine.call(T.MKDIR, [u32(ROOT), 'well', u32(0o755), u32(0)]).error).toBeUndefined();
    expect(nine.queue.inFlight).toBe(0);
  });
});

describe('the plugin', () => {
  it('is a 9P device with its tag', async () => {
    expect(plugin).toBe(virtio9p);
    const { get } = await setupPart(virtio9p, {
      options: { tag: 'größe' },
      provide: [bind(FsBackendToken, memory())],
    });
    const device = get(VirtioDeviceToken);
    expect([device.deviceId, device.features, device.queueSizes]).toEqual([9, 1n, [128]]);
    const config = Uint8Array.from({ length: device.config.length }, (_, offset) => device.config.read(offset));
    expect([config[0], config[1], new TextDecoder().decode(config.subarray(2))]).toEqual([7, 0, 'größe']);
  });

  it.each(['', 'a,b', 'a\0', 'é'.repeat(128)])('refuses the tag %j', async (tag) => {
    await expect(
      setupPart(virtio9p, { options: { tag }, provide: [bind(FsBackendToken, memory())] }),
    ).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });
});
