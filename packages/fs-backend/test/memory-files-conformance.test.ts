import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsBackendModel, fsBackendSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../src/index.ts';

const make = () => {
  const backend = new MemoryFiles({
    capacity: 4 * 1024 * 1024,
    inodes: 4096,
    handles: 1000,
    now: () => BigInt(Date.now()) * 1_000_000n,
  });
  return {
    backend,
    readOnly: () => {
      backend.protect();
      return backend;
    },
  };
};

const reference = () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'vivarium-model-'));
  return { root, fs, dispose: () => fs.rmSync(root, { recursive: true }) };
};

describe('files in memory, as a file system backend', () => {
  it.each(fsBackendSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  it.each(fsBackendModel(make, reference))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
