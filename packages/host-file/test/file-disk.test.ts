import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockBackendSuite, fakeHostFile } from '@vivarium/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileDisk, memoryFile, writeZeroesTo } from '../src/index.ts';
import { openHostFile } from '../src/node.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-disk-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a disk that is a file in memory', () => {
  const suite = blockBackendSuite((bytes) => {
    const file = memoryFile({ bytes });
    return { backend: new FileDisk(file), reopen: () => new FileDisk(file) };
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a disk that is a file of the host', () => {
  let count = 0;
  const suite = blockBackendSuite((bytes) => {
    const path = join(folder, `disk-${count++}`);
    const file = openHostFile(path, { create: true });
    file.write(0, bytes);
    return {
      backend: new FileDisk(file),
      reopen: () => new FileDisk(openHostFile(path, { readOnly: true, lock: false })),
      dispose: () => file.close(),
    };
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a disk that is a file for reading', () => {
  const suite = blockBackendSuite((bytes) => ({ backend: new FileDisk(memoryFile({ bytes, readOnly: true })) }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a disk that is a file', () => {
  it('ends with the last whole sector', () => {
    expect(new FileDisk(memoryFile({ bytes: new Uint8Array(1535) })).capacity).toBe(1024);
    expect(new FileDisk(memoryFile({ bytes: new Uint8Array(511) })).capacity).toBe(0);
  });

  it('answers faults of the file, and takes requests again when they pass', () => {
    const file = fakeHostFile({ bytes: new Uint8Array(4096) });
    const disk = new FileDisk(file);
    const sector = new Uint8Array(512);
    file.fault = () => 'ENOSPC';
    expect(disk.write(0, [sector])).toBe('no-space');
    expect(disk.writeZeroes(0, 512, false)).toBe('no-space');
    file.fault = () => 'EIO';
    expect(disk.write(0, [sector])).toBe('io');
    expect(disk.discard?.(0, 512)).toBe('io');
    file.readFault = () => 'EIO';
    expect(disk.read(0, [sector])).toBe('io');
    file.fault = undefined;
    file.readFault = undefined;
    expect(disk.write(0, [sector])).toBeUndefined();
    expect(disk.read(0, [sector])).toBeUndefined();
  });

  it('never says again that it is flushed once a sync failed', () => {
    const file = fakeHostFile({ bytes: new Uint8Array(4096) });
    const disk = new FileDisk(file);
    expect(disk.flush()).toBeUndefined();
    file.fault = ({ kind }) => (kind === 'sync' ? 'EIO' : undefined);
    expect(disk.flush()).toBe('io');
    file.fault = undefined;
    expect(disk.flush()).toBe('io');
    expect(disk.write(0, [new Uint8Array(512)])).toBeUndefined();
  });

  it('gives memory back for what is discarded or zeroed, if it may', () => {
    const file = memoryFile({ bytes: new Uint8Array(1 << 20).fill(1) });
    const disk = new FileDisk(file);
    disk.discard?.(0, 1 << 19);
    expect(file.allocated).toBe(1 << 19);
    disk.writeZeroes(1 << 19, 1 << 18, true);
    expect(file.allocated).toBe(1 << 18);
    disk.writeZeroes(0, 1 << 19, false);
    expect(file.allocated).toBe(3 << 18);
  });

  it('stores zeroes of any length in bounded calls', () => {
    for (const length of [512, 256 * 1024, 20_000_256]) {
      const file = openHostFile(join(folder, `zeroes-${length}`), { create: true });
      writeZeroesTo(file, 3, length);
      expect(file.size).toBe(3 + length);
      file.close();
    }
  });
});
