import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { memoryFile } from '@vivarium/host-file';
import { openHostFile } from '@vivarium/host-file/node';
import { contentsAfterCrash, fakeHostFile, seededRandom } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import {
  contentByQemu,
  contentOf,
  expectCompressedImage,
  expectOwnImage,
  expectSame,
  expectSharedImage,
  inFolder,
  MEBIBYTE,
  mixedBytes,
  scribble,
  withDisk,
} from './qemu-cases.ts';
import { qemuCheck, qemuImg, qemuIo } from './qemu-img.ts';

describe('images that qemu-img makes', () => {
  const shapes = [512, 4096, 65_536, 2 * MEBIBYTE].flatMap((clusterSize) =>
    (['off', 'metadata'] as const).flatMap((preallocation) => [
      { compat: '0.10' as const, clusterSize, refcountBits: 16, preallocation },
      ...[1, 2, 4, 8, 16, 32, 64].map((refcountBits) => ({
        compat: '1.1' as const,
        clusterSize,
        refcountBits,
        preallocation,
      })),
    ]),
  );
  it.each(shapes)('are read and written: %o', (shape) => expectSharedImage(shape));

  const compressed = [512, 4096, 65_536, 2 * MEBIBYTE].flatMap((clusterSize) =>
    (['0.10', '1.1'] as const).map((compat) => [clusterSize, compat] as const),
  );
  it.each(compressed)('are read and written when they are compressed: clusters of %d bytes, %s', (size, compat) =>
    expectCompressedImage(size, compat),
  );

  it.each([
    ['encryption', ['-o', 'encrypt.format=luks,encrypt.key-secret=s', '--object', 'secret,id=s,data=x']],
    ['zstd', ['-o', 'compression_type=zstd']],
    ['extended L2 entries', ['-o', 'extended_l2=on']],
  ])('are refused with %s', (_what, options) =>
    inFolder((path) => {
      qemuImg('create', '-q', '-f', 'qcow2', ...options, path('image'), '1M');
      expect(() => contentOf(path('image'))).toThrow(expect.objectContaining({ code: 'VIV_QCOW2_FEATURE' }));
    }),
  );

  it('are refused with an external data file', () =>
    inFolder((path) => {
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${path('data')}`, path('image'), '1M');
      expect(() => contentOf(path('image'))).toThrow(expect.objectContaining({ code: 'VIV_QCOW2_FEATURE' }));
    }));

  it('are not written when QEMU died with lazy reference counts, and are once it repaired them', () =>
    inFolder((path) => {
      qemuImg('create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on', path('image'), '8M');
      spawnSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 1M', '-c', 'flush', '-c', 'abort', path('image')]);
      const write = () => withDisk(path('image'), (disk) => disk.write(0, [new Uint8Array(512)]));
      expect(write).toThrow(expect.objectContaining({ code: 'VIV_QCOW2_DIRTY' }));
      expect(contentOf(path('image'))[MEBIBYTE - 1]).toBe(5);
      qemuImg('check', '-q', '-r', 'all', path('image'));
      expect(write()).toBeUndefined();
      expect(qemuCheck(path('image'))).toEqual({ corruptions: 0, leaks: 0 });
    }));

  it('with bitmaps lose them, as they say that they must', () =>
    inFolder((path) => {
      qemuImg('create', '-q', '-f', 'qcow2', path('image'), '8M');
      qemuImg('bitmap', '--add', path('image'), 'changes');
      withDisk(path('image'), (disk) => disk.write(0, [new Uint8Array(512).fill(1)]));
      expect(qemuCheck(path('image')).corruptions).toBe(0);
      expect(qemuImg('info', path('image'))).not.toContain('changes');
    }));
});

describe('images that we make', () => {
  const small = [512, 1024, 65_536, 2 * MEBIBYTE].flatMap((clusterSize) =>
    [1, 2, 4, 8, 16, 32, 64].map((refcountBits) => ({ clusterSize, refcountBits })),
  );
  it.each(small)('are sound for QEMU: %o', (how) => expectOwnImage(how, 8 * MEBIBYTE - 512));
  it.each([
    [{ version: 2 as const }, 8 * MEBIBYTE],
    [{}, 0],
    [{}, 2 ** 50],
    [{ clusterSize: 512, refcountBits: 64 }, 64 * 2 ** 30],
    [{ clusterSize: 512, refcountBits: 1 }, 128 * 2 ** 30],
    [{ clusterSize: 2 * MEBIBYTE }, 2 ** 52],
  ])('are sound for QEMU: %o of %d bytes', (how, size) => expectOwnImage(how, size));
});

describe('chains', () => {
  it.each(['raw', 'qcow2'] as const)('of our image over one of QEMU that is %s', (format) =>
    inFolder((path) => {
      const base = mixedBytes(3 * MEBIBYTE, 5);
      writeFileSync(path('source'), base);
      qemuImg('convert', '-f', 'raw', '-O', format, path('source'), path('base'));
      const before = readFileSync(path('base'));
      const file = openHostFile(path('top'), { create: true });
      createQcow2({ file, size: 5 * MEBIBYTE, backing: { name: 'base', format } });
      file.close();
      const content = new Uint8Array(5 * MEBIBYTE);
      content.set(base);
      expectSame(contentOf(path('top')), content);
      withDisk(path('top'), (disk) => scribble(disk, content, 6));
      expect(qemuCheck(path('top'))).toEqual({ corruptions: 0, leaks: 0 });
      expectSame(contentByQemu(path('top')), content);
      expectSame(readFileSync(path('base')), before);
    }),
  );

  it.each(['0.10', '1.1'])('of three images of QEMU, %s', (compat) =>
    inFolder((path) => {
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `compat=${compat}`, path('a'), '3M');
      qemuIo(path('a'), 'write -P 1 0 2M');
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `compat=${compat}`, '-b', 'a', '-F', 'qcow2', path('b'), '4M');
      qemuIo(path('b'), 'write -P 2 1M 512k', 'write -P 3 3500k 4k');
      qemuImg('create', '-q', '-f', 'qcow2', '-o', `compat=${compat}`, '-b', 'b', '-F', 'qcow2', path('c'), '5M');
      const content = Uint8Array.from(contentByQemu(path('c')));
      expectSame(contentOf(path('c')), content);
      withDisk(path('c'), (disk) => scribble(disk, content, 7));
      expect(qemuCheck(path('c'))).toEqual({ corruptions: 0, leaks: 0 });
      expectSame(contentByQemu(path('c')), content);
    }),
  );
});

describe('internal snapshots', () => {
  it.each(['0.10', '1.1'])('stay what they were, %s', (compat) =>
    inFolder((path) => {
      const image = path('image');
      const content = mixedBytes(6 * MEBIBYTE, 8);
      writeFileSync(path('source'), content);
      // Compressed clusters, too: these are shared by sectors.
      qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', `compat=${compat}`, path('source'), image);
      withDisk(image, (disk) => scribble(disk, content, 9));
      const first = content.slice();
      qemuImg('snapshot', '-c', 'first', image);
      withDisk(image, (disk) => scribble(disk, content, 10));
      expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
      const second = content.slice();
      qemuImg('snapshot', '-c', 'second', image);
      withDisk(image, (disk) => scribble(disk, content, 11));
      expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
      expectSame(contentByQemu(image), content);
      qemuImg('snapshot', '-a', 'first', image);
      expectSame(contentOf(image), first);
      qemuImg('snapshot', '-a', 'second', image);
      expectSame(contentOf(image), second);
      qemuImg('snapshot', '-d', 'first', image);
      withDisk(image, (disk) => scribble(disk, second, 12));
      qemuImg('snapshot', '-d', 'second', image);
      expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
      expectSame(contentOf(image), second);
    }),
  );
});

describe('a process that dies', () => {
  it('leaves an image that QEMU finds sound, with what was flushed', async () => {
    await inFolder(async (path) => {
      const image = path('image');
      const file = openHostFile(image, { create: true });
      createQcow2({ file, size: 256 * MEBIBYTE, clusterSize: 4096 });
      file.close();
      let last = 0;
      for (let round = 0; round < 12; round++) {
        const child = spawn(
          process.execPath,
          ['--conditions=@vivarium/source', new URL('scribbler.ts', import.meta.url).pathname, image, String(last)],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString();
        });
        await once(child.stdout, 'data');
        await new Promise((resolve) => setTimeout(resolve, 30 + round * 17));
        child.kill('SIGKILL');
        await once(child, 'close');
        last = Number(said.trim().split('\n').at(-1));
        expect(last).toBeGreaterThan(0);
        expect(qemuCheck(image).corruptions).toBe(0);
        withDisk(image, (disk) => {
          const sector = new Uint8Array(512);
          for (let step = Math.max(1, last - 3000); step <= last; step++) {
            expect(disk.read(((step * 7919) % 520_000) * 512, [sector])).toBeUndefined();
            const found = new DataView(sector.buffer).getUint32(0);
            // Later rounds may have come by again, with a number of their own.
            expect(found >= step && (found - step) % 520_000 === 0).toBe(true);
          }
        });
      }
      qemuImg('check', '-q', '-r', 'leaks', image);
      expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    });
  });
});

describe('our check of images', () => {
  it('finds what QEMU finds, in images of which power was cut or bytes were changed', () =>
    inFolder((path) => {
      const before = memoryFile();
      createQcow2({ file: before, size: 2 * MEBIBYTE, clusterSize: 4096 });
      const file = fakeHostFile({ bytes: before.contents() });
      const disk = openQcow2({ file });
      const content = new Uint8Array(2 * MEBIBYTE);
      scribble(disk, content, 13, 40);
      disk.close();
      const random = seededRandom(14);
      let corrupt = 0;
      let leaky = 0;
      for (let round = 0; round < 120; round++) {
        const image = contentsAfterCrash(before.contents(), file.log, random(file.log.length + 1), random);
        // Every other one: a byte of the first clusters, which are tables, after the header.
        if (round % 2 === 0) {
          const at = 4096 + random(Math.min(image.length, 8 * 4096) - 4096);
          image[at] = (image[at] ?? 0) ^ (1 << random(8));
        }
        writeFileSync(path('image'), image);
        const ours = checkImage(image);
        const theirs = qemuCheck(path('image'));
        expect(ours.corruptions.length > 0, ours.corruptions[0]).toBe(theirs.corruptions > 0);
        if (ours.corruptions.length === 0) expect(ours.leaks).toBe(theirs.leaks);
        corrupt += ours.corruptions.length > 0 ? 1 : 0;
        leaky += ours.leaks > 0 ? 1 : 0;
      }
      expect(corrupt).toBeGreaterThan(5);
      expect(leaky).toBeGreaterThan(5);
    }));
});
