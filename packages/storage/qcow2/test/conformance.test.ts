import { BlockBackendToken } from '@vivarium/contracts';
import { type MemoryFile, memoryFile } from '@vivarium/host-file';
import { blockBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2, storageQcow2 } from '../src/index.ts';

const make = async (options: unknown) => {
  const { part, get } = await setupPart(storageQcow2, { options });
  return { backend: get(BlockBackendToken), dispose: () => part.dispose?.() };
};

/** An image that holds `content`. */
const imageOf = (
  content: Uint8Array,
  how: { clusterSize?: number; version?: 2 | 3; refcountBits?: number },
): MemoryFile => {
  const file = memoryFile();
  createQcow2({ file, size: content.length, ...how });
  const disk = openQcow2({ file });
  expect(disk.write(0, [content])).toBeUndefined();
  expect(disk.close()).toBeUndefined();
  return file;
};

/** As the process finds it that was started after this one died. */
const copyOf = (file: MemoryFile): MemoryFile => memoryFile({ bytes: file.contents() });

describe.each([
  { clusterSize: 512 },
  { clusterSize: 4096, refcountBits: 1 },
  { clusterSize: 65_536 },
  { clusterSize: 65_536, version: 2 as const },
  { clusterSize: 2 * 1024 * 1024, refcountBits: 64 },
])('a QCOW2 image with %o', (how) => {
  const suite = blockBackendSuite(async (content) => {
    const file = imageOf(content, how);
    return { ...(await make({ file })), reopen: async () => (await make({ file: copyOf(file) })).backend };
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe.each(['raw', 'qcow2'] as const)('a QCOW2 image over one that is %s', (format) => {
  const suite = blockBackendSuite(async (content) => {
    const base = format === 'raw' ? memoryFile({ name: 'base', bytes: content }) : imageOf(content, {});
    const before = base.contents();
    const file = memoryFile({ name: 'top' });
    createQcow2({ file, size: content.length, backing: { name: 'base', format } });
    const open = () => base;
    const subject = await make({ file, open });
    return {
      backend: subject.backend,
      reopen: async () => (await make({ file: copyOf(file), open: () => copyOf(base) })).backend,
      dispose: async () => {
        if (Buffer.compare(base.contents(), before) !== 0) throw new Error('the backing file changed');
        await subject.dispose();
      },
    };
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('a QCOW2 image for reading', () => {
  const suite = blockBackendSuite((content) => make({ file: imageOf(content, {}), readOnly: true }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
