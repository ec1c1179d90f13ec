import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsBackendModel, fsBackendSuite } from '@vivarium/testkit';
import { describe, it } from 'vitest';
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
  for (const { title, run } of fsBackendSuite(make)) it(title, run);
  for (const { title, run } of fsBackendModel(make, reference)) it(title, run);
});
