import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDeclaredDependencies } from '../src/floors/check-declared-dependencies.ts';
import { checkImports } from '../src/floors/check-imports.ts';
import { FLOORS } from '../src/floors/floors-table.ts';
import { ScratchWorkspace } from './scratch-workspace.ts';

const LINT = join(import.meta.dirname, '../src/lint.ts');

/** Runs the command that `pnpm lint` runs, on another root. */
const lint = (root: string) =>
  spawnSync(process.execPath, ['--conditions=@vivarium/source', LINT, '--root', root], { encoding: 'utf8' });

/** Rules broken after `text` is written to `file`, with `linked` importable from its package. */
const brokenBy = async (file: string, text: string, linked?: readonly [string, string]): Promise<string[]> => {
  using scratch = new ScratchWorkspace();
  if (linked !== undefined) scratch.link(...linked);
  scratch.write(file, text);
  return (await checkImports(scratch.read())).map(({ rule }) => rule);
};

describe('the lint command', () => {
  it('fails when a plugin imports another plugin', () => {
    using scratch = new ScratchWorkspace();
    scratch.link('packages/devices/lamp', 'packages/devices/bell');
    scratch.write('packages/devices/lamp/src/wire.ts', "export { name } from '@vivarium/device-bell';\n");
    const { status, stderr } = lint(scratch.root);
    expect(stderr).toMatch(/lamp\/src\/wire\.ts {2}floor-plugins: imports packages\/devices\/bell\/src\/index\.ts/);
    expect(status).toBe(1);
  });

  it('fails when a plugin imports the kernel', () => {
    using scratch = new ScratchWorkspace();
    scratch.link('packages/devices/lamp', 'packages/kernel');
    scratch.write(
      'packages/devices/lamp/src/wire.ts',
      "import type { name } from '@vivarium/kernel';\nexport type Name = typeof name;\n",
    );
    const { status, stderr } = lint(scratch.root);
    expect(stderr).toMatch(/lamp\/src\/wire\.ts {2}floor-plugins: imports packages\/kernel\/src\/index\.ts/);
    expect(status).toBe(1);
  });

  it('does not complain about floors that are kept', () => {
    using scratch = new ScratchWorkspace();
    scratch.write('packages/devices/lamp/src/wire.ts', "export { name } from '@vivarium/contracts';\n");
    expect(lint(scratch.root).stderr).not.toContain('floor-');
  });
});

describe('imports', () => {
  it('are allowed downwards', async () => {
    expect(await brokenBy('packages/devices/lamp/src/a.ts', "export { name } from '@vivarium/contracts';\n")).toEqual(
      [],
    );
    expect(await brokenBy('packages/boards/shelf/src/a.ts', "export { name } from '@vivarium/device-lamp';\n")).toEqual(
      [],
    );
    expect(await brokenBy('packages/host/src/a.ts', "export { name } from '@vivarium/kernel';\n")).toEqual([]);
  });

  it('of a package that is not declared are refused by the floor as well', async () => {
    const rules = await brokenBy('packages/devices/lamp/src/a.ts', "export { name } from '@vivarium/kernel';\n");
    expect(rules.sort()).toEqual(['floor-plugins', 'resolvable']);
  });

  it.each([
    ['packages/fdt', 'packages/devices/lamp', '@vivarium/device-lamp', 'floor-libraries'],
    ['packages/kernel', 'packages/devices/lamp', '@vivarium/device-lamp', 'floor-kernel'],
    ['packages/host', 'packages/devices/lamp', '@vivarium/device-lamp', 'floor-host'],
    ['packages/boards/shelf', 'packages/host', '@vivarium/host', 'floor-presets'],
    ['packages/devices/lamp', 'packages/testkit', '@vivarium/testkit', 'floor-plugins'],
  ])('of %s into %s are refused', async (folder, target, name, rule) => {
    const text = `export { name } from '${name}';\n`;
    expect(await brokenBy(`${folder}/src/a.ts`, text, [folder, target])).toEqual([rule]);
  });

  it('of a dynamic kind are seen', async () => {
    const text = "export const load = (): Promise<unknown> => import('@vivarium/device-bell');\n";
    const rules = await brokenBy('packages/devices/lamp/src/a.ts', text, [
      'packages/devices/lamp',
      'packages/devices/bell',
    ]);
    expect(rules).toEqual(['floor-plugins']);
  });

  it('of the testkit are for tests', async () => {
    const text = "import '@vivarium/testkit';\n";
    expect(
      await brokenBy('packages/devices/lamp/test/a.test.ts', text, ['packages/devices/lamp', 'packages/testkit']),
    ).toEqual([]);
  });

  it('of another plugin are refused in tests, too', async () => {
    const text = "import '@vivarium/device-bell';\n";
    const rules = await brokenBy('packages/devices/lamp/test/a.test.ts', text, [
      'packages/devices/lamp',
      'packages/devices/bell',
    ]);
    expect(rules).toEqual(['floor-plugins-tests']);
  });

  it('of anything are refused in contracts', async () => {
    expect(await brokenBy('packages/contracts/src/a.ts', "import 'node:fs';\n")).toContain('contracts-alone');
    expect(await brokenBy('packages/contracts/src/a.ts', "import 'zod';\n")).toContain('contracts-alone');
  });

  it('of tsyringe are for the kernel', async () => {
    expect(await brokenBy('packages/host/src/a.ts', "import 'tsyringe';\n")).toContain('only-kernel-imports-tsyringe');
    expect(await brokenBy('packages/kernel/src/a.ts', "import 'tsyringe';\n")).not.toContain(
      'only-kernel-imports-tsyringe',
    );
  });

  it('by a path into another package are refused', async () => {
    const text = "export { name } from '../../contracts/src/index.ts';\n";
    expect(await brokenBy('packages/kernel/src/a.ts', text)).toEqual(['no-deep-import']);
  });

  it('of node modules are kept behind the node subpath', async () => {
    expect(await brokenBy('packages/host/src/a.ts', "import 'node:fs';\n")).toEqual(['platform-neutral']);
    expect(await brokenBy('packages/host/src/node/a.ts', "import 'node:fs';\n")).toEqual([]);
  });

  it('in a circle are refused', async () => {
    using scratch = new ScratchWorkspace();
    scratch.write('packages/kernel/src/a.ts', "export { b } from './b.ts';\nexport const a = 1;\n");
    scratch.write('packages/kernel/src/b.ts', "export { a } from './a.ts';\nexport const b = 1;\n");
    expect((await checkImports(scratch.read())).map(({ rule }) => rule)).toContain('no-cycle');
  });
});

describe('declared dependencies', () => {
  const declare = (folder: string, name: string, fields: Record<string, unknown>): string[] => {
    using scratch = new ScratchWorkspace();
    scratch.write(`${folder}/package.json`, JSON.stringify({ name, version: '0.1.0', ...fields }));
    return checkDeclaredDependencies(scratch.read()).map(({ rule }) => rule);
  };

  it('follow the floors', () => {
    const kernel = { '@vivarium/kernel': 'workspace:^' };
    expect(declare('packages/devices/lamp', '@vivarium/device-lamp', { dependencies: kernel })).toEqual([
      'floor-plugins',
    ]);
    expect(declare('packages/devices/lamp', '@vivarium/device-lamp', { devDependencies: kernel })).toEqual([
      'floor-plugins',
    ]);
    expect(declare('packages/host', '@vivarium/host', { dependencies: kernel })).toEqual([]);
  });

  it('may name the testkit for tests only', () => {
    const testkit = { '@vivarium/testkit': 'workspace:^' };
    expect(declare('packages/devices/lamp', '@vivarium/device-lamp', { devDependencies: testkit })).toEqual([]);
    expect(declare('packages/devices/lamp', '@vivarium/device-lamp', { dependencies: testkit })).toEqual([
      'floor-plugins',
    ]);
  });

  it('are none in contracts', () => {
    expect(declare('packages/contracts', '@vivarium/contracts', { dependencies: { zod: '^4.0.0' } })).toEqual([
      'contracts-alone',
    ]);
  });

  it('of a package on no floor are a finding', () => {
    expect(declare('packages/attic', '@vivarium/attic', {})).toEqual(['floor']);
  });
});

describe('the table of floors', () => {
  it('lets each floor import only lower ones', () => {
    const level = (name: string): number => FLOORS.find((floor) => floor.name === name)?.level ?? Number.NaN;
    const order = FLOORS.map(({ name }) => name);
    for (const floor of FLOORS.filter(({ level }) => level < 6)) {
      for (const name of floor.mayImport) {
        const within =
          // Libraries build on each other; the check for cycles keeps them in order.
          (floor.name === 'libraries' && (name === 'contracts' || name === 'libraries')) ||
          // On the host's floor each builds on those that the table names before it.
          (floor.level === level('host') && order.indexOf(name) < order.indexOf(floor.name));
        expect(level(name), `${floor.name} → ${name}`).toBeLessThan(floor.level + (within ? 1 : 0));
      }
    }
  });
});
