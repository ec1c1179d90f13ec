import { BlockBackendToken } from '@vivarium/contracts';
import { memoryFile } from '@vivarium/host-file';
import { fakeHostFile, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { createQcow2, storageQcow2, storageQcow2Options } from '../src/index.ts';

describe('the part', () => {
  it('logs what is behind the faults of its disk, a bounded number of times', async () => {
    expect(plugin).toBe(storageQcow2);
    const file = fakeHostFile();
    createQcow2({ file, size: 1024 * 1024 });
    const { get, part, events } = await setupPart(storageQcow2, { options: { file } });
    const disk = get(BlockBackendToken);
    file.fault = () => 'EIO';
    for (let count = 0; count < 100; count++) expect(disk.write(0, [new Uint8Array(512)])).toBe('io');
    expect(events.length).toBe(16);
    expect(events[0]).toMatchObject({ name: 'log', event: { level: 'error', facts: { file: 'fake' } } });
    expect(() => part.dispose?.()).toThrow(expect.objectContaining({ code: 'VIV_QCOW2_FLUSH' }));
  });

  it('flushes when the machine goes away, and leaves the file open', async () => {
    const file = fakeHostFile();
    createQcow2({ file, size: 1024 * 1024 });
    const { get, part } = await setupPart(storageQcow2, { options: { file } });
    await get(BlockBackendToken).write(0, [new Uint8Array(512).fill(1)]);
    await part.dispose?.();
    expect(file.log.at(-1)).toEqual({ kind: 'sync' });
    const again = await setupPart(storageQcow2, { options: { file, readOnly: true } });
    const sector = new Uint8Array(512);
    expect(await again.get(BlockBackendToken).read(0, [sector])).toBeUndefined();
    expect(sector[0]).toBe(1);
    await again.part.dispose?.();
  });

  it.each([
    {},
    { file: 'disk.qcow2' },
    { file: memoryFile(), open: 'x' },
    { file: memoryFile(), backingFormat: 'vmdk' },
    { file: memoryFile(), cacheSize: -1 },
    { file: memoryFile(), size: 512 },
  ])('refuses the options %o', (options) => expect(storageQcow2Options.safeParse(options).success).toBe(false));
});
