import { deflateRawSync } from 'node:zlib';
import { isVivariumError } from '@vivarium/contracts';
import { memoryFile } from '@vivarium/host-file';
import { type Random, seededRandom } from '@vivarium/testkit';
import { expect } from 'vitest';
import { createQcow2, openQcow2, type Qcow2Disk } from '../src/index.ts';
import { DamagedImage } from '../src/errors.ts';
import { sectorOf } from './disk-model.ts';
import { withSnapshot } from './snapshot.ts';

const MASK = 0x00ff_ffff_ffff_fe00n;

/** The image with the eleventh cluster of its disk compressed. Needs clusters of 4096 bytes and refcounts of 16 bits. */
export const withCompressed = (image: Uint8Array, content: Uint8Array): Buffer => {
  const end = Math.ceil(image.length / 4096) * 4096;
  const bytes = Buffer.alloc(end + 4096);
  bytes.set(image);
  const deflated = deflateRawSync(content);
  bytes.set(deflated, end + 100);
  const block = Number(bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(48))));
  bytes.writeUInt16BE(1, block + (end / 4096) * 2);
  const table = Number(bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(40))) & MASK);
  const sectors = BigInt(Math.floor((100 + deflated.length - 1) / 512));
  bytes.writeBigUInt64BE((1n << 62n) | (sectors << 58n) | BigInt(end + 100), table + 80);
  return bytes;
};

interface Seed {
  readonly bytes: Buffer;
  /** Places of 64-bit entries that are worth changing. */
  readonly entries: readonly number[];
}

const seed = (how: Partial<Parameters<typeof createQcow2>[0]>, change = (bytes: Uint8Array) => bytes): Seed => {
  const file = memoryFile();
  createQcow2({ file, size: 256 * 1024, clusterSize: 4096, ...how });
  const disk = openQcow2({ file, open: () => memoryFile({ bytes: new Uint8Array(10_000).fill(7) }) });
  for (let at = 0; at < 500; at += 3) disk.write(at * 512, [sectorOf(1 + (at % 200), at)]);
  disk.writeZeroes(100 * 512, 60 * 512, false);
  disk.discard(30_000 - (30_000 % 512), 20_480);
  disk.close();
  const bytes = Buffer.from(change(file.contents()));
  const size = 1 << bytes.readUInt32BE(20);
  const entries: number[] = [];
  const l1 = Number(bytes.readBigUInt64BE(40));
  for (let index = 0; index < bytes.readUInt32BE(36); index++) {
    entries.push(l1 + index * 8);
    const table = Number(bytes.readBigUInt64BE(l1 + index * 8) & MASK);
    if (table !== 0) for (let entry = 0; entry < size / 8; entry++) entries.push(table + entry * 8);
  }
  const blocks = Number(bytes.readBigUInt64BE(48));
  const first = Number(bytes.readBigUInt64BE(blocks));
  for (let index = 0; index < 8; index++) entries.push(blocks + index * 8, first + index * 8);
  return { bytes, entries };
};

/** Sound images of every kind. */
export const soundImages = (): readonly Seed[] => [
  seed({}),
  seed({ clusterSize: 512, refcountBits: 64 }),
  seed({ clusterSize: 1024, refcountBits: 1 }),
  seed({ version: 2 }),
  seed({ backing: { name: 'base', format: 'raw' } }),
  seed({}, withSnapshot),
  seed({}, (bytes) => withCompressed(bytes, new Uint8Array(4096).fill(3))),
];

const HEADER_32 = [4, 16, 20, 32, 36, 56, 60, 96, 100, 104, 108];
const HEADER_64 = [8, 24, 40, 48, 64, 72, 80, 88];

/** Numbers that go wrong. */
const interesting = (random: Random, bytes: Buffer, entries: readonly number[]): bigint => {
  const size = 1n << BigInt(Math.min(30, bytes.readUInt32BE(20)));
  const bit = 1n << BigInt(random(64));
  const other = entries[random(entries.length)] ?? 0;
  const known = other + 8 <= bytes.length ? bytes.readBigUInt64BE(other) : 0n;
  const place = BigInt(random(bytes.length + 10_000));
  const values = [0n, 1n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, 2n ** 56n - 512n, bit, known, known ^ bit, place];
  values.push(size * BigInt(random(64)), (size * BigInt(random(64))) | (1n << 63n), (1n << 62n) | place, place | bit);
  return values[random(values.length)] ?? 0n;
};

/** The image with some of it changed for the worse. */
const spoil = ({ bytes: sound, entries }: Seed, random: Random): Buffer => {
  let bytes = Buffer.from(sound);
  for (let count = 1 + random(4); count > 0; count--) {
    const value = interesting(random, bytes, entries);
    const kind = random(8);
    let at = random(bytes.length);
    if (kind === 0) bytes.writeUInt32BE(Number(value & 0xffff_ffffn), HEADER_32[random(HEADER_32.length)] ?? 4);
    else if (kind === 1) bytes.writeBigUInt64BE(BigInt.asUintN(64, value), HEADER_64[random(HEADER_64.length)] ?? 8);
    else if (kind === 2) bytes[at] = random(256);
    else if (kind === 3 && random(4) === 0) bytes = Buffer.from(bytes.subarray(0, Math.max(200, at)));
    else {
      at = entries[random(entries.length)] ?? 0;
      if (at + 8 <= bytes.length) bytes.writeBigUInt64BE(BigInt.asUintN(64, value), at);
    }
  }
  return bytes;
};

/** What may be behind a fault: the image, or the file. Anything else is a mistake of ours. */
const expectForeseen = (error: unknown): void => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const foreseen = error instanceof DamagedImage || isVivariumError(error) || /^E[A-Z]+$/.test(String(code));
  if (!foreseen) throw new Error(`nobody foresaw ${String(error)}`, { cause: error });
};

const use = (disk: Qcow2Disk, random: Random): void => {
  const sectors = disk.capacity / 512;
  if (sectors === 0) return;
  for (let count = 0; count < 30; count++) {
    const at = Math.min(sectors - 1, random(3) === 0 ? random(2 ** 32) % sectors : random(512)) * 512;
    const length = Math.min(disk.capacity - at, (1 + random(random(3) === 0 ? 600 : 10)) * 512);
    const action = random(8);
    if (action < 3) disk.read(at, [new Uint8Array(length)]);
    else if (action < 5) disk.write(at, [new Uint8Array(length).fill(count)]);
    else if (action === 5) disk.writeZeroes(at, length, random(2) === 0);
    else if (action === 6) disk.discard(at, length);
    else disk.flush();
  }
};

/** Opens `count` hostile images and uses them as a guest does; returns how many could be opened. */
export const expectNoSurprise = (count: number, from: number): number => {
  const seeds = soundImages();
  let opened = 0;
  for (let round = from; round < from + count; round++) {
    const random = seededRandom(round + 1);
    const kind = seeds[round % seeds.length];
    if (kind === undefined) continue;
    const bytes = spoil(kind, random);
    for (const readOnly of [true, false]) {
      const file = memoryFile({ name: 'hostile', bytes, limit: 64 * 1024 * 1024 });
      const found: unknown[] = [];
      let disk: Qcow2Disk;
      try {
        disk = openQcow2({
          file,
          readOnly,
          cacheSize: 0,
          onFault: (error) => found.push(error),
          open: ({ format }) =>
            format === 'raw' ? memoryFile({ bytes: new Uint8Array(10_000) }) : memoryFile({ bytes }),
        });
      } catch (error) {
        expect(isVivariumError(error), `round ${round}: ${String(error)}`).toBe(true);
        continue;
      }
      opened++;
      use(disk, random);
      disk.close();
      for (const error of found) expectForeseen(error);
    }
  }
  return opened;
};
