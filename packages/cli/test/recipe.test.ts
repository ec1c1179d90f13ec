import { runRecipe } from '@vivarium/cli/recipe';
import { inlineCells, RemoteCell } from '@vivarium/host';
import { createCell } from '@vivarium/host/node';
import { afterAll, describe, expect, it } from 'vitest';
import { programs } from './support/programs.ts';
import { Scratch } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const create = async (args: readonly string[]): Promise<RemoteCell> => {
  const { recipe, onReboot } = await runRecipe(args, { folder: scratch.path });
  return RemoteCell.create(await inlineCells({ createCell }).launch({ name: 'test', limits: {} }), recipe, {
    onReboot,
  });
};

describe('the arguments of `viv run` as a recipe', () => {
  it('make the machine elsewhere, with paths as seen from the folder that was named', async () => {
    scratch.put('hello.bin', programs.hello());
    await using pair = await create(['--bios', 'hello.bin', '--memory', '32M', '--cpus', '2']);
    expect(pair.facts).toMatchObject({ memory: 32 << 20, vcpus: 2, canPowerOff: false });
    await using cell = await create(['--bios', 'hello.bin']);
    let text = '';
    cell.console('console0').attach({
      output: (bytes) => {
        text += new TextDecoder().decode(bytes);
      },
    });
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(text).toBe('hello\n');
  });

  it('name what the machine writes to, and no more', async () => {
    scratch.put('hello.bin', programs.hello());
    const disks = ['--disk', 'a.img', '--disk', 'b.img,ro', '--disk', 'c.qcow2,temporary'];
    const { writable } = await runRecipe(['--bios', 'hello.bin', ...disks, '--share', 'folder,ro'], {
      folder: '/data',
    });
    expect(writable).toEqual(['/data/a.img']);
  });

  it.each([
    [['--bios', 'x', '--gdb', '1234'], 'VIV_RECIPE_OPTION'],
    [['--bios', 'x', '--timeout', '5'], 'VIV_RECIPE_OPTION'],
    [['--bios', 'x', '--trace', '-'], 'VIV_RECIPE_OPTION'],
    [['--help'], 'VIV_USAGE'],
    [['--surprise'], 'VIV_USAGE'],
  ])('are refused when they are not for a machine: %j', async (args, code) => {
    await expect(runRecipe(args)).rejects.toMatchObject({ code });
  });

  it('are checked again in the cell, and nothing stays open when they name what is not there', async () => {
    const { recipe } = await runRecipe(['--bios', 'none'], { folder: scratch.path });
    const make = async (options: unknown): Promise<RemoteCell> =>
      RemoteCell.create(await inlineCells({ createCell }).launch({ name: 'test', limits: {} }), { ...recipe, options });
    await expect(make(recipe.options)).rejects.toMatchObject({ code: 'VIV_FILE_UNREADABLE' });
    await expect(make({ arguments: ['--surprise'], folder: '/' })).rejects.toMatchObject({ code: 'VIV_USAGE' });
    await expect(make({ arguments: 'run', folder: '/' })).rejects.toMatchObject({ code: 'VIV_USAGE' });
    await expect(make(undefined)).rejects.toMatchObject({ code: 'VIV_USAGE' });
  });
});
