import { BlockBackendToken } from '@vivarium/contracts';
import { memoryFile } from '@vivarium/host-file';
import { blockBackendSuite, fakeHostFile, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { storageRaw, storageRawOptions } from '../src/index.ts';

const make = async (options: unknown) => {
  const { part, get, events } = await setupPart(storageRaw, { options });
  return { part, events, backend: get(BlockBackendToken), dispose: () => part.dispose?.() };
};

describe('the raw disk', () => {
  const suite = blockBackendSuite(async (bytes) => {
    const file = memoryFile({ bytes });
    return { ...(await make({ file })), reopen: async () => (await make({ file })).backend };
  });
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the raw disk for reading', () => {
  const suite = blockBackendSuite((bytes) => make({ file: memoryFile({ bytes }), readOnly: true }));
  it.each(suite)('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the part', () => {
  it('says when the image ends within a sector', async () => {
    expect(plugin).toBe(storageRaw);
    const { backend, events } = await make({ file: memoryFile({ bytes: new Uint8Array(1000) }) });
    expect(backend.capacity).toBe(512);
    expect(events).toContainEqual({
      name: 'log',
      event: expect.objectContaining({ level: 'warn', facts: { file: 'memory', rest: 488 } }) as unknown,
    });
  });

  it('flushes when the machine goes away, and says when that fails', async () => {
    const file = fakeHostFile({ bytes: new Uint8Array(1024) });
    const { backend, part } = await make({ file });
    await backend.write(0, [new Uint8Array(512)]);
    await part.dispose?.();
    expect(file.log.at(-1)).toEqual({ kind: 'sync' });
    file.fault = () => 'EIO';
    expect(() => part.dispose?.()).toThrow(expect.objectContaining({ code: 'VIV_STORAGE_RAW_FLUSH' }));
  });

  it('is read-only when its file is, whatever the options say', async () => {
    const { backend, part } = await make({ file: memoryFile({ readOnly: true }), readOnly: false });
    expect(backend.readOnly).toBe(true);
    await part.dispose?.();
  });

  it.each([
    {},
    { file: 'disk.img' },
    { file: null },
    { file: { name: 'x', size: 5 } },
    { file: memoryFile(), size: 5 },
  ])('refuses the options %o', (options) => expect(storageRawOptions.safeParse(options).success).toBe(false));
});
