import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openHostFile } from '@vivarium/host-file/node';
import { seededRandom } from '@vivarium/testkit';
import { expect } from 'vitest';
import { createQcow2, type OpenBacking, openQcow2, type Qcow2Disk } from '../src/index.ts';
import { qemuCheck, qemuImg, qemuIo } from './qemu-img.ts';

export const MEBIBYTE = 1024 * 1024;

/** Runs `act` with a folder of its own, which is gone afterwards. */
export const inFolder = <T>(act: (path: (name: string) => string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), 'qcow2-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let later = false;
  try {
    const result = act((name) => join(folder, name));
    if (result instanceof Promise) {
      later = true;
      return result.finally(remove) as T;
    }
    return result;
  } finally {
    if (!later) remove();
  }
};

/** Opens backing files as names relative to the folder of who refers to them. */
const openBacking: OpenBacking = ({ name, from }) => openHostFile(join(dirname(from), name), { readOnly: true });

/** Opens the image at `path` for `act`, and closes it. */
export const withDisk = <T>(path: string, act: (disk: Qcow2Disk) => T, readOnly = false): T => {
  const file = openHostFile(path, { readOnly });
  try {
    const faults: unknown[] = [];
    const disk = openQcow2({ file, open: openBacking, onFault: (error) => faults.push(error) });
    const result = act(disk);
    expect(disk.close()).toBeUndefined();
    expect(faults).toEqual([]);
    return result;
  } finally {
    file.close();
  }
};

/** What our disk holds. */
export const contentOf = (path: string): Uint8Array =>
  withDisk(
    path,
    (disk) => {
      const bytes = new Uint8Array(disk.capacity);
      expect(disk.read(0, [bytes])).toBeUndefined();
      return bytes;
    },
    true,
  );

/** What QEMU reads from the image. */
export const contentByQemu = (path: string): Uint8Array => {
  const raw = `${path}.raw`;
  qemuImg('convert', '-f', 'qcow2', '-O', 'raw', path, raw);
  const bytes = readFileSync(raw);
  rmSync(raw);
  return bytes;
};

export const expectSame = (found: Uint8Array, wanted: Uint8Array): void => {
  expect(found.length).toBe(wanted.length);
  if (Buffer.compare(found, wanted) === 0) return;
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  expect.fail(`byte ${at} is ${found[at]}, not ${wanted[at]}`);
};

/** Bytes that compress well here and not at all there, with zeroes between. */
export const mixedBytes = (length: number, seed: number): Uint8Array => {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const run = Math.min(length - at, 512 * (1 + random(300)));
    const kind = random(4);
    if (kind === 1) bytes.fill(random(256), at, at + run);
    else if (kind === 2) for (let index = at; index < at + run; index++) bytes[index] = random(256);
    else if (kind === 3) for (let index = at; index < at + run; index++) bytes[index] = (index * 7) >> random(9);
    at += run;
  }
  return bytes;
};

/** Writes and zeroes at random places, in `content` as well; and discards, of which `content` gets what is read. */
export const scribble = (disk: Qcow2Disk, content: Uint8Array, seed: number, count = 60): void => {
  const random = seededRandom(seed);
  for (let step = 0; step < count; step++) {
    const at = random(content.length / 512) * 512;
    const length = Math.min(content.length - at, 512 * (1 + random(random(4) === 0 ? 800 : 30)));
    const action = random(8);
    if (action === 0) {
      expect(disk.writeZeroes(at, length, random(2) === 0)).toBeUndefined();
      content.fill(0, at, at + length);
    } else if (action === 1) {
      expect(disk.discard(at, length)).toBeUndefined();
      expect(disk.read(at, [content.subarray(at, at + length)])).toBeUndefined();
    } else if (action === 2) {
      expect(disk.flush()).toBeUndefined();
    } else {
      const bytes = mixedBytes(length, seed + step + 1);
      expect(disk.write(at, [bytes])).toBeUndefined();
      content.set(bytes, at);
    }
  }
};

/** How qemu-img is told to make an image. */
export interface QemuShape {
  readonly compat: '0.10' | '1.1';
  readonly clusterSize: number;
  readonly refcountBits: number;
  readonly preallocation: 'off' | 'metadata';
}

/** An image of QEMU's, written by QEMU and by us in turn: both read the same, and it is sound without a leak. */
export const expectSharedImage = ({ compat, clusterSize, refcountBits, preallocation }: QemuShape): void =>
  inFolder((path) => {
    const image = path('image.qcow2');
    const size = 6 * MEBIBYTE + 512;
    const options = [
      `compat=${compat}`,
      `cluster_size=${clusterSize}`,
      `preallocation=${preallocation}`,
      ...(compat === '1.1' ? [`refcount_bits=${refcountBits}`] : []),
    ];
    qemuImg('create', '-q', '-f', 'qcow2', '-o', options.join(), image, String(size));
    qemuIo(image, 'write -P 0x11 0 100k', 'write -P 0x22 1M 70k', 'write -P 0x33 5M 512', 'write -z 2M 1M');
    const content = new Uint8Array(size);
    content.fill(0x11, 0, 100 * 1024);
    content.fill(0x22, MEBIBYTE, MEBIBYTE + 70 * 1024);
    content.fill(0x33, 5 * MEBIBYTE, 5 * MEBIBYTE + 512);
    expectSame(contentOf(image), content);
    withDisk(image, (disk) => scribble(disk, content, 1));
    expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    expectSame(contentByQemu(image), content);
    qemuIo(image, 'write -P 0x44 700k 900k', 'discard 3M 1M', 'write -P 0x55 6M 512');
    const after = contentByQemu(image);
    expectSame(contentOf(image), after);
    withDisk(image, (disk) => scribble(disk, after, 2));
    expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    expectSame(contentByQemu(image), after);
  });

/** An image of ours, written by us and read by QEMU. */
export const expectOwnImage = (how: Omit<Parameters<typeof createQcow2>[0], 'file' | 'size'>, size: number): void =>
  inFolder((path) => {
    const image = path('own.qcow2');
    const file = openHostFile(image, { create: true });
    createQcow2({ file, size, ...how });
    file.close();
    expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    const info = JSON.parse(qemuImg('info', '--output=json', image)) as {
      'virtual-size': number;
      'cluster-size': number;
      'format-specific': { data: { 'refcount-bits': number; compat: string } };
    };
    expect(info['virtual-size']).toBe(size);
    expect(info['cluster-size']).toBe(how.clusterSize ?? 65_536);
    expect(info['format-specific'].data).toMatchObject({
      'refcount-bits': how.refcountBits ?? 16,
      compat: how.version === 2 ? '0.10' : '1.1',
    });
    if (size > 64 * MEBIBYTE) return;
    const content = new Uint8Array(size);
    withDisk(image, (disk) => scribble(disk, content, 3));
    expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    expectSame(contentByQemu(image), content);
  });

/** Compressed clusters, read and then overwritten in part. */
export const expectCompressedImage = (clusterSize: number, compat: '0.10' | '1.1'): void =>
  inFolder((path) => {
    const content = mixedBytes(5 * MEBIBYTE + 1024, clusterSize);
    writeFileSync(path('source'), content);
    const image = path('compressed.qcow2');
    const options = `cluster_size=${clusterSize},compat=${compat}`;
    qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', options, path('source'), image);
    expectSame(contentOf(image), content);
    withDisk(image, (disk) => scribble(disk, content, 4));
    expect(qemuCheck(image)).toEqual({ corruptions: 0, leaks: 0 });
    expectSame(contentByQemu(image), content);
  });
