import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asRaw, checkFileSystem, makeImage } from '../src/image.ts';
import { firstLost, safeNumbers } from '../src/lines.ts';

describe('what the guest promised', () => {
  it('is every whole line, and not the one that was cut off', () => {
    expect(safeNumbers('safe 0\nnoise\nsafe 1\r\nsafe 12')).toEqual([0, 1]);
  });

  it('is lost when its line is not whole in the file', () => {
    expect(firstLost([0, 1], 'line 0\nline 1\n')).toBeUndefined();
    expect(firstLost([0, 1], 'line 0\nline 1')).toBe(1);
    expect(firstLost([0], '')).toBe(0);
  });
});

describe('an image', () => {
  const overwrite = (path: string, offset: number): void => {
    const file = openSync(path, 'r+');
    writeSync(file, new Uint8Array(64 * 1024).fill(0xff), 0, 64 * 1024, offset);
    closeSync(file);
  };

  it('is fine when it is new, and is not when its superblock is overwritten', () => {
    const folder = mkdtempSync(join(tmpdir(), 'viv-crash-'));
    try {
      const path = join(folder, 'disk.img');
      makeImage(path, 'raw');
      expect(asRaw(path, 'raw')).toEqual({ raw: path });
      expect(checkFileSystem(path)).toBeUndefined();
      overwrite(path, 0);
      expect(checkFileSystem(path)).toContain('e2fsck');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of QCOW2 is looked at as one, and for what is in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'viv-crash-'));
    try {
      const path = join(folder, 'disk.qcow2');
      makeImage(path, 'qcow2');
      const { raw, problem } = asRaw(path, 'qcow2');
      expect(problem).toBeUndefined();
      expect(checkFileSystem(raw)).toBeUndefined();
      overwrite(path, 64 * 1024);
      expect(asRaw(path, 'qcow2').problem).toContain('qemu-img');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
