import { memoryFile } from '@vivarium/host-file';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import { expectNoSurprise, soundImages, withCompressed } from './hostile-images.ts';

describe('H10 a hostile image', () => {
  it('is refused with a code, or makes requests fail: nothing throws, nothing hangs', () => {
    for (const { bytes } of soundImages()) expect(checkImage(bytes)).toEqual({ corruptions: [], leaks: 0 });
    // Enough of them get past the header.
    expect(expectNoSurprise(1500, 0)).toBeGreaterThan(1000);
  });

  const image = (change: (bytes: Buffer, l1: number, l2: number) => void) => {
    const file = memoryFile();
    createQcow2({ file, size: 1024 * 1024, clusterSize: 4096 });
    const made = openQcow2({ file });
    made.write(0, [new Uint8Array(4096).fill(1)]);
    made.close();
    const bytes = Buffer.from(file.contents());
    const l1 = Number(bytes.readBigUInt64BE(40));
    const l2 = Number(bytes.readBigUInt64BE(l1) & 0xff_ffff_ffff_fe00n);
    change(bytes, l1, l2);
    const changed = memoryFile({ bytes });
    return { file: changed, disk: openQcow2({ file: changed }) };
  };
  const COPIED = 1n << 63n;
  const sector = () => new Uint8Array(512).fill(0xee);

  it.each<[string, (bytes: Buffer, l1: number, l2: number) => void]>([
    ['header', (bytes, _l1, l2) => bytes.writeBigUInt64BE(COPIED | 0n, l2)],
    ['L1 table', (bytes, l1, l2) => bytes.writeBigUInt64BE(COPIED | BigInt(l1), l2)],
  ])('never has its %s written by the guest', (_what, change) => {
    const { file, disk } = image(change);
    const before = Buffer.from(file.contents());
    const l1 = Number(before.readBigUInt64BE(40));
    disk.write(0, [sector()]);
    disk.close();
    const after = Buffer.from(file.contents());
    expect(after.subarray(0, 4096).equals(before.subarray(0, 4096))).toBe(true);
    expect(after.subarray(l1, l1 + 512).includes(0xee)).toBe(false);
  });

  it.each<[string, (bytes: Buffer, l1: number, l2: number) => void]>([
    ['an L2 table in the L1 table', (bytes, l1) => bytes.writeBigUInt64BE(COPIED | BigInt(l1), l1)],
    ['an L2 table within a cluster', (bytes, l1) => bytes.writeBigUInt64BE(COPIED | 0x5200n, l1)],
    ['data within a cluster', (bytes, _l1, l2) => bytes.writeBigUInt64BE(COPIED | 0x5200n, l2)],
    ['compressed data that is none', (bytes, _l1, l2) => bytes.writeBigUInt64BE((1n << 62n) | 0x100n, l2)],
    ['compressed data beyond the end', (bytes, _l1, l2) => bytes.writeBigUInt64BE((1n << 62n) | (1n << 50n), l2)],
  ])('answers io for %s', (_what, change) => {
    const { disk } = image(change);
    expect([disk.read(0, [sector()]), disk.write(0, [sector()])]).toEqual(['io', 'io']);
  });

  it('answers io when its reference counts call clusters free that are in use', () => {
    const { disk } = image((bytes) => {
      const table = Number(bytes.readBigUInt64BE(48));
      bytes.fill(0, Number(bytes.readBigUInt64BE(table)), Number(bytes.readBigUInt64BE(table)) + 4096);
    });
    expect(disk.write(512 * 1024, [sector()])).toBe('io');
  });

  it('is decompressed within the cluster, however much its data would be', () => {
    const { file, disk } = image(() => {});
    disk.close();
    const bomb = memoryFile({ bytes: withCompressed(file.contents(), new Uint8Array(3 * 1024 * 1024)) });
    const opened = openQcow2({ file: bomb });
    const found = new Uint8Array(4096).fill(1);
    expect(opened.read(10 * 4096, [found])).toBeUndefined();
    expect(found.every((byte) => byte === 0)).toBe(true);
  });

  it('that refers to itself as its backing file is refused', () => {
    const file = memoryFile();
    createQcow2({ file, size: 512, backing: { name: 'self', format: 'qcow2' } });
    const self = () => memoryFile({ bytes: file.contents() });
    expect(() => openQcow2({ file, open: self })).toThrow(expect.objectContaining({ code: 'VIV_QCOW2_CHAIN' }));
  });
});

describe('compressed clusters', () => {
  it('are read in part, and copied when they are written', () => {
    const file = memoryFile();
    createQcow2({ file, size: 1024 * 1024, clusterSize: 4096 });
    const made = openQcow2({ file });
    made.write(0, [new Uint8Array(512)]);
    made.close();
    const content = Uint8Array.from({ length: 4096 }, (_, index) => (index * index) >> 4);
    const image = memoryFile({ bytes: withCompressed(file.contents(), content) });
    expect(checkImage(image.contents())).toEqual({ corruptions: [], leaks: 0 });
    const disk = openQcow2({ file: image });
    const found = new Uint8Array(1024);
    expect(disk.read(10 * 4096 + 1024, [found])).toBeUndefined();
    expect(found).toEqual(content.subarray(1024, 2048));
    expect(disk.write(10 * 4096 + 512, [new Uint8Array(512).fill(1)])).toBeUndefined();
    content.fill(1, 512, 1024);
    expect(disk.close()).toBeUndefined();
    expect(checkImage(image.contents())).toEqual({ corruptions: [], leaks: 0 });
    const all = new Uint8Array(4096);
    expect(openQcow2({ file: image }).read(10 * 4096, [all])).toBeUndefined();
    expect(all).toEqual(content);
  });
});
