/**
 * Requests a second beside `qemu-img bench` on images made alike, and inflate beside zlib. Run it with
 * `node --conditions=@vivarium/source packages/storage/qcow2/test/qemu-bench.ts`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { openHostFile } from '@vivarium/host-file/node';
import { inflateInto } from '../src/inflate.ts';
import { openQcow2 } from '../src/index.ts';
import { qemuImg } from './qemu-img.ts';

const MEBIBYTE = 1024 * 1024;
const SIZE = 1024 * MEBIBYTE;

interface Job {
  readonly what: string;
  readonly length: number;
  readonly step: number;
  readonly count: number;
  readonly writes: boolean;
  /** The image has every cluster already. */
  readonly full: boolean;
  /** Pieces that a request has, as a guest's pages are apart. */
  readonly pieces: number;
}

const jobs: readonly Job[] = [
  { what: 'read 4 KiB, in order', length: 4096, step: 4096, count: 100_000, writes: false, full: true, pieces: 1 },
  {
    what: 'read 4 KiB, far apart',
    length: 4096,
    step: 17 * MEBIBYTE + 4096,
    count: 100_000,
    writes: false,
    full: true,
    pieces: 1,
  },
  { what: 'read 1 MiB', length: MEBIBYTE, step: MEBIBYTE, count: 2000, writes: false, full: true, pieces: 1 },
  {
    what: 'read 1 MiB into 256 pages',
    length: MEBIBYTE,
    step: MEBIBYTE,
    count: 2000,
    writes: false,
    full: true,
    pieces: 256,
  },
  { what: 'read 4 KiB of nothing', length: 4096, step: 4096, count: 100_000, writes: false, full: false, pieces: 1 },
  { what: 'write 4 KiB, in order', length: 4096, step: 4096, count: 100_000, writes: true, full: true, pieces: 1 },
  {
    what: 'write 4 KiB, in order, new',
    length: 4096,
    step: 4096,
    count: 100_000,
    writes: true,
    full: false,
    pieces: 1,
  },
  {
    what: 'write 4 KiB, far apart, new',
    length: 4096,
    step: 17 * MEBIBYTE + 65_536,
    count: 10_000,
    writes: true,
    full: false,
    pieces: 1,
  },
  { what: 'write 1 MiB', length: MEBIBYTE, step: MEBIBYTE, count: 1000, writes: true, full: true, pieces: 1 },
  { what: 'write 1 MiB, new', length: MEBIBYTE, step: MEBIBYTE, count: 1000, writes: true, full: false, pieces: 1 },
  {
    what: 'write 1 MiB from 256 pages',
    length: MEBIBYTE,
    step: MEBIBYTE,
    count: 1000,
    writes: true,
    full: true,
    pieces: 256,
  },
];

const folder = mkdtempSync(join(tmpdir(), 'qcow2-bench-'));

const fresh = (full: boolean): string => {
  const image = join(folder, 'image.qcow2');
  qemuImg('create', '-q', '-f', 'qcow2', image, String(SIZE));
  if (full) qemuImg('bench', '-q', '-f', 'qcow2', '-w', '-c', '1024', '-s', '1M', '-S', '1M', '-d', '1', image);
  return image;
};

/** Seconds that qemu-img says, which are those of the requests alone. */
const byQemu = ({ length, step, count, writes, full }: Job): number => {
  const numbers = ['-c', String(count), '-s', String(length), '-S', String(step), '-d', '1'];
  const said = qemuImg('bench', '-f', 'qcow2', ...(writes ? ['-w'] : []), ...numbers, fresh(full));
  return Number(/([\d.]+) seconds/.exec(said)?.[1]);
};

const byUs = ({ length, step, count, writes, full, pieces }: Job): number => {
  const file = openHostFile(fresh(full));
  const disk = openQcow2({ file });
  const memory = new Uint8Array(new SharedArrayBuffer(2 * length)).fill(1);
  const size = length / pieces;
  // Pages that follow each other on the disk do not in memory.
  const views = Array.from({ length: pieces }, (_, index) => memory.subarray(2 * index * size, (2 * index + 1) * size));
  const begun = performance.now();
  for (let done = 0, at = 0; done < count; done++) {
    const result = writes ? disk.write(at, views) : disk.read(at, views);
    if (result !== undefined) throw new Error(`the request at ${at} is ${result}`);
    at += step;
    if (at + length > SIZE) at %= SIZE - length;
    at -= at % 512;
  }
  const seconds = (performance.now() - begun) / 1000;
  disk.close();
  file.close();
  return seconds;
};

const best = (act: () => number): number => Math.min(act(), act(), act());

try {
  console.log('requests a second, QEMU and we; more than 1: we are faster');
  for (const job of jobs) {
    const theirs = best(() => byQemu(job));
    const ours = best(() => byUs(job));
    const rate = (seconds: number): string =>
      Math.round(job.count / seconds)
        .toString()
        .padStart(9);
    console.log(`${job.what.padEnd(30)}${rate(theirs)}${rate(ours)}  ${(theirs / ours).toFixed(2)}`);
  }
  const bytes = readFileSync(process.execPath).subarray(20 * MEBIBYTE, 28 * MEBIBYTE);
  const clusters = Array.from({ length: 128 }, (_, index) =>
    deflateRawSync(bytes.subarray(index * 65_536, (index + 1) * 65_536)),
  );
  const output = new Uint8Array(65_536);
  const time = (act: (cluster: Uint8Array) => unknown): number =>
    best(() => {
      const begun = performance.now();
      for (const cluster of clusters) act(cluster);
      return (performance.now() - begun) / 1000;
    });
  const zlib = time((cluster) => inflateRawSync(cluster));
  const ours = time((cluster) => inflateInto(cluster, output));
  console.log(
    `inflate of clusters: zlib ${(8 / zlib).toFixed(0)} MiB/s, we ${(8 / ours).toFixed(0)}; ${(zlib / ours).toFixed(2)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
