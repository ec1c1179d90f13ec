import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessCell, processCells } from '@vivarium/host/node';
import { afterAll, describe, expect, it } from 'vitest';
import { program } from './cell-suite.ts';

const scratch = mkdtempSync(join(tmpdir(), 'viv-launch-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a process cell that cannot be launched', () => {
  it('says so when its folder cannot be made', async () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    const folder = join(file, 'cells');
    await expect(createProcessCell(program('spin'), { process: { folder } })).rejects.toMatchObject({
      code: 'VIV_CELL_LAUNCH',
    });
  });

  it('says so when no socket has as long a path, and leaves nothing behind', async () => {
    const folder = join(scratch, 'x'.repeat(100));
    await expect(createProcessCell(program('spin'), { process: { folder } })).rejects.toMatchObject({
      code: 'VIV_CELL_LAUNCH',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says so when its limits leave no room for it, and leaves nothing behind', async () => {
    const folder = join(scratch, 'small');
    const launch = createProcessCell(program('spin'), { process: { folder }, limits: { addressSpace: 64 } });
    await expect(launch).rejects.toMatchObject({ code: 'VIV_CELL_LAUNCH' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('what is no folder of a cell is left alone where cells are looked for', async () => {
  const folder = join(scratch, 'mixed');
  for (const name of ['notes', '0123', 'ABCDEF012345']) mkdirSync(join(folder, name), { recursive: true });
  expect(await processCells({ folder }).adopt?.()).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(3);
  expect(await processCells({ folder: join(scratch, 'none') }).adopt?.()).toEqual([]);
});
