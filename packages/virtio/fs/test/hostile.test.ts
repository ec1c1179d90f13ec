import { FS_ROOT } from '@vivarium/contracts';
import { hostileSuite, seededRandom, setupPart } from '@vivarium/testkit';
import { bind, FsBackendToken, VirtioDeviceToken } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import plugin, { VirtioFs, virtioFs } from '../src/index.ts';
import { OPCODE as OP } from '../src/fuse-table.ts';
import { type Field, FuseDriver, memory, u32, u64 } from './fuse-driver.ts';

const INIT = new FuseDriver().message(OP.INIT, 0, [u32(7), u32(41), u32(4096), u32(0), new Uint8Array(48)]);

describe('a hostile driver of the file sharing device', () => {
  const subject = () => ({
    device: new VirtioFs({
      ...{ backend: memory(), tag: 'share', cache: 'auto', writeback: false, locks: true, queues: 1, queueSize: 256 },
    }),
    probe: {
      queue: 1,
      readable: [INIT.subarray(0, 40), INIT.subarray(40)],
      writable: [16, 64],
      answered: (written: Uint8Array, length: number) => length === 80 && written[16] === 7,
    },
  });
  it.each(hostileSuite(subject))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a request that is none', () => {
  const ready = () => {
    const driver = new FuseDriver();
    driver.initialize();
    return driver;
  };
  const works = (driver: FuseDriver): void => expect(driver.call(OP.GETATTR, FS_ROOT).error).toBeUndefined();
  const withLength = (message: Uint8Array, length: number): Uint8Array => {
    new DataView(message.buffer).setUint32(0, length, true);
    return message;
  };

  it('of any length below that of a header comes back empty', () => {
    const driver = ready();
    const message = driver.message(OP.GETATTR, FS_ROOT);
    for (let length = 0; length < 40; length++) expect(driver.raw(message.slice(0, length)).written).toBe(0);
    works(driver);
  });

  it.each([0, 1, 39, 41, 1000, 0x7fff_ffff, 0xffff_ffff])(
    'with the length %d in its header comes back empty',
    (length) => {
      const driver = ready();
      expect(driver.raw(withLength(driver.message(OP.GETATTR, FS_ROOT), length)).written).toBe(0);
      works(driver);
    },
  );

  it('that is longer than its header says is what the header says', () => {
    const driver = ready();
    const message = driver.message(OP.LOOKUP, FS_ROOT, ['name', 'more']);
    expect(driver.raw(withLength(message, 45)).error).toBeUndefined();
    expect(driver.raw(withLength(message, 44)).error).toBe('EINVAL');
    works(driver);
  });

  it('without room for an answer is not carried out', () => {
    const driver = ready();
    for (let room = 0; room < 16; room++)
      expect(driver.raw(driver.message(OP.MKDIR, FS_ROOT, [u32(0o755), u32(0), `d${room}`]), room).written).toBe(0);
    expect(driver.backend.lookup(FS_ROOT, 'd0')).toBe('ENOENT');
    expect(driver.raw(driver.message(OP.GETATTR, FS_ROOT), 16).error).toBe('EINVAL');
    works(driver);
  });

  it('cut anywhere in its arguments is refused', () => {
    const driver = ready();
    const requests: readonly (readonly [number, readonly Field[]])[] = [
      [OP.LOOKUP, ['name']],
      [OP.SYMLINK, ['name', 'target']],
      [OP.MKNOD, [u32(0o100644), u32(0), u32(0), u32(0), 'name']],
      [OP.MKDIR, [u32(0o755), u32(0), 'name']],
      [OP.UNLINK, ['name']],
      [OP.RMDIR, ['name']],
      [OP.RENAME, [u64(1), 'name', 'other']],
      [OP.RENAME2, [u64(1), u32(0), u32(0), 'name', 'other']],
      [OP.LINK, [u64(1), 'name']],
      [OP.CREATE, [u32(2), u32(0o644), u32(0), u32(0), 'name']],
      [OP.SETXATTR, [u32(5), u32(0), 'user.name', Uint8Array.of(1, 2, 3, 4, 5)]],
      [OP.GETXATTR, [u32(5), u32(0), 'user.name']],
      [OP.REMOVEXATTR, ['user.name']],
      [OP.SETATTR, [new Uint8Array(84)]],
      [OP.WRITE, [new Uint8Array(40)]],
      [OP.READ, [new Uint8Array(20)]],
      [OP.SETLK, [new Uint8Array(44)]],
      [OP.SETLKW, [new Uint8Array(44)]],
    ];
    for (const [opcode, fields] of requests) {
      const whole = driver.message(opcode, FS_ROOT, fields);
      for (let length = 40; length < whole.length; length++) {
        const { error } = driver.raw(withLength(whole.slice(0, length), length));
        expect([opcode, length, error]).toEqual([opcode, length, 'EINVAL']);
      }
    }
    expect(driver.backend.lookup(FS_ROOT, 'name')).toBe('ENOENT');
    works(driver);
  });

  it('with sizes that cannot be is refused, or served as far as there is room', () => {
    const driver = ready();
    const { error, data } = driver.call(OP.CREATE, FS_ROOT, [u32(2), u32(0o644), u32(0), u32(0), 'file']);
    expect(error).toBeUndefined();
    const node = data.getBigUint64(0, true);
    const handle = data.getBigUint64(128, true);
    const write = (offset: bigint, size: number, bytes: number) =>
      driver.call(OP.WRITE, node, [u64(handle), u64(offset), u32(size), u32(0), u64(0), u64(0), new Uint8Array(bytes)])
        .error;
    expect(write(0n, 11, 10)).toBe('EINVAL');
    expect(write(0n, 0xffff_ffff, 10)).toBe('EINVAL');
    expect(write(0n, 0x10_0001, 0x10_0001)).toBe('EINVAL');
    expect(write(2n ** 53n, 1, 1)).toBe('EINVAL');
    expect(write(2n ** 64n - 1n, 1, 1)).toBe('EINVAL');
    expect(write(2n ** 52n, 1, 1)).toBe('EFBIG');
    expect(write(0n, 10, 10)).toBeUndefined();
    const read = (offset: bigint, size: number, room: number) =>
      driver.call(OP.READ, node, [u64(handle), u64(offset), u32(size), u32(0), u64(0), u64(0)], room);
    expect(read(0n, 0xffff_ffff, 16 + 4).data.byteLength).toBe(4);
    expect(read(0n, 0xffff_ffff, 16).data.byteLength).toBe(0);
    expect(read(2n ** 64n - 1n, 10, 100).error).toBe('EINVAL');
    const list = (size: number, room: number, offset = 0n) =>
      driver.call(
        OP.READDIR,
        FS_ROOT,
        [
          u64(driver.call(OP.OPENDIR, FS_ROOT, [u64(0)]).data.getBigUint64(0, true)),
          u64(offset),
          u32(size),
          u32(0),
          u64(0),
          u64(0),
        ],
        room,
      );
    expect(list(0xffff_ffff, 16 + 40).data.byteLength).toBe(32);
    expect(list(10, 4096).error).toBe('EINVAL');
    expect(list(4096, 16).data.byteLength).toBe(0);
    works(driver);
  });

  it('longer than any that makes sense comes back empty', () => {
    const driver = ready();
    expect(driver.call(OP.LOOKUP, FS_ROOT, [new Uint8Array(200_000)]).written).toBe(0);
    works(driver);
  });
});

describe('G23 paths and numbers out of the share', () => {
  it.each(['', '.', '..', '/', '/etc/passwd', '../x', 'a/b', 'x'.repeat(256), 'x'.repeat(60_000)])(
    'the name %j',
    (name) => {
      const driver = new FuseDriver();
      driver.initialize();
      for (const [opcode, fields] of [
        [OP.LOOKUP, [name]],
        [OP.MKDIR, [u32(0o755), u32(0), name]],
        [OP.CREATE, [u32(2), u32(0o644), u32(0), u32(0), name]],
        [OP.UNLINK, [name]],
        [OP.RENAME, [u64(1), name, 'ok']],
        [OP.SYMLINK, [name, 'target']],
      ] as const) {
        expect(driver.call(opcode, FS_ROOT, fields).error).toBe(name.length > 255 ? 'ENAMETOOLONG' : 'EINVAL');
      }
    },
  );

  it('nodes and handles that were never given', () => {
    const driver = new FuseDriver();
    driver.initialize();
    for (const number of [0n, 2n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      expect(driver.call(OP.GETATTR, number).error).toBe('ESTALE');
      expect(driver.call(OP.LOOKUP, number, ['x']).error).toBe('ESTALE');
      expect(driver.call(OP.READ, FS_ROOT, [u64(number), u64(0), u32(10), u32(0), u64(0), u64(0)]).error).toBe('EBADF');
      expect(driver.raw(driver.message(OP.FORGET, number, [u64(number)]), 0, 0).written).toBe(0);
    }
  });

  it('an answer carries the number of its request, whatever that is', () => {
    const driver = new FuseDriver();
    for (const unique of [0n, 2n ** 63n + 1n, 2n ** 64n - 1n])
      expect(driver.raw(driver.message(OP.GETATTR, FS_ROOT, [], unique)).unique).toBe(unique);
  });
});

describe('G24 cookies and attributes', () => {
  it('any cookie gives an end or an error', () => {
    const driver = new FuseDriver();
    driver.initialize();
    const handle = driver.call(OP.OPENDIR, FS_ROOT, [u64(0)]).data.getBigUint64(0, true);
    for (const opcode of [OP.READDIR, OP.READDIRPLUS]) {
      for (const cookie of [3n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
        const { error, data } = driver.call(opcode, FS_ROOT, [
          u64(handle),
          u64(cookie),
          u32(4096),
          u32(0),
          u64(0),
          u64(0),
        ]);
        expect([undefined, 'EINVAL']).toContain(error);
        expect(data.byteLength).toBe(0);
      }
    }
  });

  it('a bomb of attributes ends', () => {
    const driver = new FuseDriver();
    driver.initialize();
    const value = new Uint8Array(4096);
    let last: string | undefined;
    for (let index = 0; index < 2000 && last === undefined; index++)
      last = driver.call(OP.SETXATTR, FS_ROOT, [u32(value.length), u32(0), `user.${index}`, value]).error;
    expect(last).toBe('ENOSPC');
    expect(driver.call(OP.LISTXATTR, FS_ROOT, [u32(10), u32(0)]).error).toBe('ERANGE');
  });
});

describe('messages out of a hat', () => {
  const OPCODES = Object.values(OP);
  const STRANGE = [
    0n,
    1n,
    2n,
    3n,
    40n,
    4096n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ];

  it.each([1, 2, 3, 4])('never break the device (seed %d)', (seed) => {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[random(from.length)];
    const driver = new FuseDriver({ parts: { locks: true }, queue: { piece: 13, size: 64 } });
    driver.initialize();
    const known: bigint[] = [];
    const field = (): Field => {
      const number = pick([...STRANGE, ...known, BigInt(random(100))]);
      switch (random(5)) {
        case 0:
          return u32(Number(BigInt.asUintN(32, number)));
        case 1:
        case 2:
          return u64(number);
        case 3:
          return pick(['a', 'b', 'c', '..', 'a/b', 'user.x', '', '\xff']);
        default:
          return new Uint8Array(random(60)).fill(random(256));
      }
    };
    let served = 0;
    for (let count = 0; count < 30_000; count++) {
      const opcode = random(20) === 0 ? random(70) : pick(OPCODES);
      if (opcode === OP.DESTROY && random(50) > 0) continue;
      const node = random(3) === 0 ? pick([...STRANGE, ...known]) : pick([1n, 1n, ...known]);
      // Most have a shape that makes sense, so that they get past the first check.
      const shaped: Readonly<Record<number, () => readonly Field[]>> = {
        [OP.CREATE]: () => [
          u32(random(4) | (random(2) << 9)),
          u32(random(0o10000)),
          u32(0),
          u32(0),
          pick(['a', 'b', 'c']),
        ],
        [OP.MKDIR]: () => [u32(random(0o10000)), u32(0), pick(['a', 'b', 'c'])],
        [OP.WRITE]: () => [field(), u64(random(100_000)), u32(8), u32(random(8)), u64(0), u64(0), new Uint8Array(8)],
        [OP.SETATTR]: () => [u32(random(4096)), u32(0), u64(0), u64(pick([0n, 10n, ...STRANGE])), new Uint8Array(64)],
        [OP.RENAME2]: () => [u64(pick([1n, ...known])), u32(random(4)), u32(0), pick(['a', 'b']), pick(['b', 'c'])],
        [OP.SETLKW]: () => [u64(0), u64(random(3)), u64(random(9)), u64(random(9)), u32(random(4)), u32(0), u64(0)],
      };
      const some = (): readonly Field[] => Array.from({ length: random(7) }, field);
      const fields = random(4) === 0 ? some() : (shaped[opcode] ?? some)();
      const message = driver.message(opcode, node, fields);
      if (random(10) === 0) message[random(message.length)] = random(256);
      const cut = random(10) === 0 ? message.slice(0, random(message.length + 1)) : message;
      const request = driver.submit(cut, pick([0, 8, 16, 64, 200, 4096]), random(2));
      if (request.written === undefined) continue;
      if (request.written === 0) continue;
      served++;
      const head = new DataView(request.answer.buffer);
      expect(head.getUint32(0, true)).toBe(request.written);
      expect(request.written).toBeGreaterThanOrEqual(16);
      if (head.getInt32(4, true) === 0 && request.written >= 24 && known.length < 50)
        known.push(head.getBigUint64(16, true));
    }
    expect(served).toBeGreaterThan(10_000);
    driver.queue.kill();
    driver.priority.kill();
    driver.start();
    expect(driver.initialize().error).toBeUndefined();
    expect(driver.call(OP.CREATE, FS_ROOT, [u32(2), u32(0o644), u32(0), u32(0), 'well']).error).toBeUndefined();
    expect([driver.queue.inFlight, driver.priority.inFlight]).toEqual([0, 0]);
  });
});

describe('the plugin', () => {
  it('is a file system device with its tag', async () => {
    expect(plugin).toBe(virtioFs);
    const { get } = await setupPart(virtioFs, {
      options: { tag: 'größe', queues: 3 },
      provide: [bind(FsBackendToken, memory())],
    });
    const device = get(VirtioDeviceToken);
    expect([device.deviceId, device.features, device.config.length]).toEqual([26, 0n, 40]);
    expect(device.queueSizes).toEqual([1024, 1024, 1024, 1024]);
    const bytes = Uint8Array.from({ length: 40 }, (_, offset) => device.config.read(offset));
    expect(new TextDecoder().decode(bytes.subarray(0, 36))).toBe('größe'.padEnd(36 - 2, '\0'));
    expect(new DataView(bytes.buffer).getUint32(36, true)).toBe(3);
  });

  it.each(['', 'x'.repeat(37), 'é'.repeat(19), 'a\0'])('refuses the tag %j', async (tag) => {
    await expect(
      setupPart(virtioFs, { options: { tag }, provide: [bind(FsBackendToken, memory())] }),
    ).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });
});
