import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runRecipe } from '@vivarium/cli/recipe';
import { createProcessCell } from '@vivarium/host/node';
import { expect, it } from 'vitest';

const MIB = 1024 * 1024;

it('Debian runs in a process of its own, is told its size, writes to its disk and no other, and powers off when asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'viv-recipe-'));
  try {
    await writeFile(join(folder, 'disk.img'), '');
    await truncate(join(folder, 'disk.img'), 16 * MIB);
    const { recipe, writable } = await runRecipe(['debian', '--disk', 'disk.img'], { folder });
    const limits = { data: 2000 };
    await expect(createProcessCell(recipe, { limits })).rejects.toMatchObject({ code: 'VIV_HOST_FILE_OPEN' });
    await using cell = await createProcessCell(recipe, { writable, limits });
    let seen = '';
    let look = (): void => {};
    const view = cell.console('console0').attach({
      output: (bytes) => {
        seen += new TextDecoder().decode(bytes);
        look();
      },
    });
    const until = async (text: string): Promise<void> => {
      while (!seen.includes(text)) {
        await new Promise<void>((resolve) => {
          look = resolve;
        });
      }
      seen = '';
    };
    await cell.start();
    await until('# ');
    view.resize(77, 21);
    view.send(new TextEncoder().encode('until stty size | grep -q "21 77"; do sleep 0.1; done; echo re""sized\n'));
    await until('resized');
    view.send(new TextEncoder().encode('echo data >/dev/vda && sync && echo writ""ten\n'));
    await until('written');
    expect(await cell.powerOff(60_000)).toEqual({ kind: 'power-off' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
