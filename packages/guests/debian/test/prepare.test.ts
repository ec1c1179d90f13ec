import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PrepareOptions, Progress } from '../src/index.ts';
import { prepareWith } from '../src/prepare.ts';
import { MiniRepository } from './mini-repository.ts';

let repository: MiniRepository;
let cache: string;
let progress: Progress[];

beforeEach(async () => {
  repository = new MiniRepository();
  await repository.serve();
  cache = mkdtempSync(join(tmpdir(), 'viv cache '));
  progress = [];
});

afterEach(async () => {
  await repository.close();
  rmSync(cache, { recursive: true, force: true });
});

const prepare = (options: PrepareOptions = {}) =>
  prepareWith(
    { cache, mirror: repository.mirror, onProgress: (each) => progress.push(each), ...options },
    { keyrings: [repository.keyring] },
  );

const steps = () => [...new Set(progress.map(({ step }) => step))];

const damage = (path: string): void => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
};

describe('prepareDebian', () => {
  it('makes a kernel and an initramfs from the verified packages, and reports each step', async () => {
    const guest = await prepare();
    expect(guest.release).toBe('Debian trixie, Linux 6.1.0+test-riscv64');
    expect(guest.packages.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'linux-image-6.1.0+test-riscv64 6.1.0',
      'busybox-static 1:1.0',
    ]);
    expect(readFileSync(guest.kernel).toString('latin1', 0x38, 0x3b)).toBe('RSC');
    expect(readFileSync(guest.initrd).toString('latin1', 0, 6)).toBe('070701');
    expect(readFileSync(guest.systemMap!, 'utf8')).toMatch(/^ffffffff80000000 T _start/);
    expect(steps()).toEqual(['update', 'download', 'build', 'ready']);
    const last = progress.findLast(({ step }) => step === 'download');
    expect(last).toMatchObject({ done: expect.any(Number) as unknown, total: expect.any(Number) as unknown });
    expect(readdirSync(join(cache, 'debian/trixie')).sort()).toEqual(['apt', 'images', 'packages']);
  });

  it('does nothing the second time, not even ask the mirror', async () => {
    const first = await prepare();
    repository.requests.length = 0;
    progress = [];
    expect(await prepare()).toEqual(first);
    expect(repository.requests).toEqual([]);
    expect(steps()).toEqual(['ready']);
  });

  it('makes the same bytes from the same packages', async () => {
    const first = readFileSync((await prepare()).initrd);
    rmSync(join(cache, 'debian'), { recursive: true });
    expect(readFileSync((await prepare()).initrd).equals(first)).toBe(true);
  });

  it('asks again when told to, and downloads only what is new', async () => {
    const first = await prepare();
    repository.requests.length = 0;
    expect(await prepare({ refresh: true })).toEqual(first);
    expect(repository.requests).not.toEqual([]);
    expect(repository.downloads).toEqual([]);

    repository.publish('6.2.0', 'trixie', 'trixie');
    const second = await prepare({ refresh: true });
    expect(second.release).toContain('6.2.0');
    expect(second.kernel).not.toBe(first.kernel);
    // A machine may be reading the image before this one; the one before that goes.
    expect(readFileSync(first.kernel).length).toBe(3_000_000);
    repository.publish('6.3.0', 'trixie', 'trixie');
    await prepare({ refresh: true });
    expect(() => readFileSync(first.kernel)).toThrow('ENOENT');
    expect(readFileSync(second.kernel).length).toBe(3_000_000);
  });

  it.each(['kernel', 'initrd', 'systemMap'] as const)(
    'notices a damaged %s and makes it again, without a download',
    async (file) => {
      const guest = await prepare();
      const good = readFileSync(guest[file]!);
      damage(guest[file]!);
      repository.requests.length = 0;
      expect(await prepare()).toEqual(guest);
      expect(readFileSync(guest[file]!).equals(good)).toBe(true);
      expect(repository.downloads).toEqual([]);
    },
  );

  it('notices a damaged record of the image in use', async () => {
    const guest = await prepare();
    writeFileSync(join(cache, 'debian/trixie/images/current.json'), '{"manifest":');
    expect(await prepare()).toEqual(guest);
  });

  it('notices a damaged package in the cache and downloads that one again', async () => {
    const guest = await prepare();
    const archives = join(cache, 'debian/trixie/packages');
    const name = readdirSync(archives).find((each) => each.startsWith('busybox'));
    damage(join(archives, name!));
    damage(guest.initrd);
    repository.requests.length = 0;
    await prepare();
    expect(repository.downloads.map(({ path }) => path)).toEqual([expect.stringContaining('busybox') as unknown]);
  });

  it('goes on where an interrupted download stopped', async () => {
    repository.cutAfter = 1_000_000;
    await expect(prepare()).rejects.toMatchObject({ code: 'VIV_GUEST_MIRROR_FAILED' });
    repository.cutAfter = undefined;
    repository.requests.length = 0;
    await prepare();
    const resumed = repository.downloads.filter(({ path }) => path.includes('linux-image-6'));
    expect(resumed).toEqual([{ path: expect.any(String) as unknown, from: expect.any(Number) as unknown }]);
    expect(resumed[0].from).toBeGreaterThan(0);
  });

  it('starts over when what an interrupted download left is damaged', async () => {
    repository.cutAfter = 1_000_000;
    await expect(prepare()).rejects.toMatchObject({ code: 'VIV_GUEST_MIRROR_FAILED' });
    const packages = join(cache, 'debian/trixie/packages');
    const part = readdirSync(packages).find((each) => each.startsWith('linux-image-6'));
    damage(join(packages, part!));
    repository.cutAfter = undefined;
    expect((await prepare()).release).toContain('6.1.0');
    expect(readdirSync(packages).length).toBe(2);
  });

  it('refuses a package that is not the one the signed list names', async () => {
    repository.tamper('linux-image-6');
    await expect(prepare()).rejects.toMatchObject({ code: 'VIV_GUEST_MIRROR_FAILED' });
    expect(readdirSync(join(cache, 'debian/trixie/images'))).toEqual([]);
  });

  it('takes the suite under another name while the mirror renews the first', async () => {
    repository.publish('6.2.0', 'trixie', 'trixie', { breakIndex: true });
    repository.publish('6.1.0', 'stable', 'trixie');
    expect((await prepare()).release).toContain('6.1.0');
  });

  it('refuses another release under that name', async () => {
    repository.publish('6.2.0', 'trixie', 'trixie', { breakIndex: true });
    repository.publish('7.0.0', 'stable', 'forky');
    await expect(prepare()).rejects.toMatchObject({
      code: 'VIV_GUEST_MIRROR_FAILED',
      message: expect.stringContaining('stable: is not trixie') as unknown,
    });
  });

  it('uses what it has while the mirror is out of reach, unless told to ask', async () => {
    const guest = await prepare();
    const current = join(cache, 'debian/trixie/images/current.json');
    const record = JSON.parse(readFileSync(current, 'utf8')) as { readonly checkedAt: number };
    writeFileSync(current, JSON.stringify({ ...record, checkedAt: record.checkedAt - 8 * 24 * 3600 * 1000 }));
    rmSync(join(cache, 'debian/trixie/apt'), { recursive: true });
    repository.publish('6.2.0', 'trixie', 'trixie', { breakIndex: true });
    repository.publish('6.2.0', 'stable', 'trixie', { breakIndex: true });
    expect(await prepare()).toEqual(guest);
    expect(steps()).toContain('offline');
    await expect(prepare({ refresh: true })).rejects.toMatchObject({ code: 'VIV_GUEST_MIRROR_FAILED' });
  });

  it('prepares once for two callers at once', async () => {
    const guests = await Promise.all([prepare(), prepare(), prepare()]);
    expect(guests[1]).toEqual(guests[0]);
    expect(guests[2]).toEqual(guests[0]);
    expect(repository.downloads.length).toBe(2);
    expect(steps()).toContain('wait');
  });

  it('stops when cancelled, and goes on later', async () => {
    const controller = new AbortController();
    const running = prepare({
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 'build') controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'VIV_GUEST_CANCELLED' });
    expect(readdirSync(join(cache, 'debian/trixie')).sort()).toEqual(['apt', 'images', 'packages']);
    repository.requests.length = 0;
    await prepare();
    expect(repository.downloads).toEqual([]);
    await expect(prepare({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'VIV_GUEST_CANCELLED' });
  });

  it('says that a suite has no riscv64', async () => {
    repository.publish('6.1.0', 'bookworm', 'bookworm');
    rmSync(cache, { recursive: true });
    const error = await prepare({ suite: 'bullseye' }).catch((each: unknown) => each);
    expect(error).toMatchObject({
      code: 'VIV_GUEST_MIRROR_FAILED',
      message: expect.stringContaining('bullseye') as unknown,
    });
  });
});

describe('prepareDebian, on a host that lacks something', () => {
  const withPath = async (path: string, body: () => Promise<void>) => {
    const before = process.env['PATH'];
    process.env['PATH'] = path;
    try {
      await body();
    } finally {
      process.env['PATH'] = before;
    }
  };

  it('says that there is no apt', async () => {
    await withPath('/nonexistent', async () => {
      await expect(prepare()).rejects.toMatchObject({
        code: 'VIV_GUEST_NO_APT',
        hint: expect.stringContaining('--kernel FILE --initrd FILE') as unknown,
      });
    });
  });

  it('says that there is no mirror, and what to do', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'viv-tools-'));
    // An apt whose host has no sources: what apt-get says then is nothing.
    writeFileSync(join(tools, 'apt-get'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    await withPath(`${tools}:${process.env['PATH']}`, async () => {
      await expect(prepareWith({ cache }, { keyrings: [repository.keyring] })).rejects.toMatchObject({
        code: 'VIV_GUEST_NO_MIRROR',
        hint: expect.stringContaining('VIVARIUM_DEBIAN_MIRROR') as unknown,
      });
    });
    rmSync(tools, { recursive: true });
  });

  it('says that the mirror is out of reach', async () => {
    await expect(prepare({ mirror: 'http://127.0.0.1:9/debian' })).rejects.toMatchObject({
      code: 'VIV_GUEST_MIRROR_FAILED',
      hint: expect.stringContaining('--kernel FILE --initrd FILE') as unknown,
    });
  });

  it('says that the cache folder cannot be made', async () => {
    const file = join(cache, 'file');
    writeFileSync(file, '');
    await expect(prepare({ cache: file })).rejects.toMatchObject({ code: 'VIV_GUEST_CACHE_UNUSABLE' });
    await expect(prepare({ cache: join(cache, 'a"b') })).rejects.toMatchObject({ code: 'VIV_GUEST_CACHE_UNUSABLE' });
  });
});
