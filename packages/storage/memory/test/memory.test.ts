import { BlockBackendToken } from '@vivarium/contracts';
import { blockBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { storageMemory, storageMemoryOptions } from '../src/index.ts';

const make = async (options: unknown) => {
  const { part, get } = await setupPart(storageMemory, { options });
  return { backend: get(BlockBackendToken), dispose: () => part.dispose?.() };
};

describe('the disk in memory', () => {
  it.each(blockBackendSuite((bytes) => make({ bytes })))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the disk in memory for reading', () => {
  const suite = blockBackendSuite((bytes) => make({ bytes, readOnly: true }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('options of the disk in memory', () => {
  it.each([
    [{}, 'size'],
    [{ size: 511 }, 'size'],
    [{ size: -512 }, 'size'],
    [{ bytes: new Uint8Array(5) }, 'bytes'],
    [{ size: 512, bytes: new Uint8Array(1024) }, 'bytes'],
    [{ size: 512, bytes: [1, 2] }, 'bytes'],
  ])('refuse %o', (options, path) => {
    const result = storageMemoryOptions.safeParse(options);
    expect(result.error?.issues.map((issue) => issue.path[0])).toContain(path);
  });

  it('make a disk larger than its content, of which the rest is zero', async () => {
    expect(plugin).toBe(storageMemory);
    const { backend } = await make({ size: 1024, bytes: Uint8Array.of(1, 2, 3) });
    const into = new Uint8Array(1024).fill(9);
    expect(await backend.read(0, [into])).toBeUndefined();
    expect([...into.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
    expect(into.subarray(3).every((byte) => byte === 0)).toBe(true);
  });

  it('make a disk of a terabyte that is full at its limit', async () => {
    const { backend } = await make({ size: 2 ** 40, memoryLimit: 2 ** 20 });
    const chunk = new Uint8Array(2 ** 18).fill(1);
    const results = [];
    for (let count = 0; count < 6; count++) results.push(await backend.write(count * 2 ** 37, [chunk]));
    expect(results).toEqual([undefined, undefined, undefined, undefined, 'no-space', 'no-space']);
    expect(await backend.discard?.(0, 2 ** 20)).toBeUndefined();
    expect(await backend.write(2 ** 39 + 2 ** 37, [chunk])).toBeUndefined();
  });
});
