import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { main } from '../src/index.ts';
import { fakeProcess } from './support/fake-process.ts';
import { scratchFolder } from './support/scratch.ts';

const run = async (cwd: string, args: readonly string[], env: Record<string, string> = {}) => {
  const process = fakeProcess(cwd, { env });
  const code = await main(args, process);
  return { code, ...process.said };
};

const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;

describe('npm create vivarium-plugin', () => {
  it('makes a package in a new folder and says what to do next', async () => {
    using folder = scratchFolder();
    const { code, stdout, stderr } = await run(folder.path, ['dice']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`dice, a virtio device, is in ${join(folder.path, 'dice')}`);
    expect(stdout).toContain('  cd dice\n  npm install\n  npm test\n  npm run build\n  npx viv run debian --plugin .');
    expect(manifestIn(join(folder.path, 'dice'))).toMatchObject({ name: 'dice', license: 'MIT' });
  });

  it('takes everything from the command line', async () => {
    using folder = scratchFolder();
    const options = ['--kind', 'device', '--name', '@me/lamp', '--license', 'isc', '--author', 'Me'];
    const { code, stdout } = await run(folder.path, ['a folder/lamp', ...options], {
      npm_config_user_agent: 'pnpm/12.0',
    });
    expect(code).toBe(0);
    expect(stdout).toContain("  cd 'a folder/lamp'\n  pnpm install\n");
    const made = join(folder.path, 'a folder/lamp');
    expect(manifestIn(made)).toMatchObject({ name: '@me/lamp', license: 'ISC', author: 'Me' });
    expect(existsSync(join(made, 'src/lamp.ts'))).toBe(true);
  });

  it('fills the current folder when it is empty but for a repository', async () => {
    using folder = scratchFolder();
    mkdirSync(join(folder.path, '.git'));
    const { code, stdout } = await run(folder.path, ['.', '--name', 'lamp']);
    expect(code).toBe(0);
    expect(stdout).toContain('Next:\n\n  npm install\n');
  });

  it('writes nothing into a folder that holds something', async () => {
    using folder = scratchFolder();
    writeFileSync(join(folder.path, 'README.md'), 'mine');
    const { code, stderr } = await run(folder.path, ['.', '--name', 'lamp']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/VIV_SCAFFOLD_NOT_EMPTY: .* is not empty: it holds README\.md\n {2}hint: /);
    expect(readdirSync(folder.path)).toEqual(['README.md']);
  });

  it('says that a file is in the place of the folder', async () => {
    using folder = scratchFolder();
    writeFileSync(join(folder.path, 'lamp'), '');
    expect(await run(folder.path, ['lamp'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('VIV_SCAFFOLD_FOLDER') as string,
    });
  });

  it.each([
    [[], 2, 'no folder is given'],
    [['lamp', '--kind', 'toaster'], 2, "there is no kind 'toaster'; there are: virtio, device"],
    [['lamp', '--license', 'GPL'], 2, "there is no license 'GPL'; there are: MIT, "],
    [['lamp', '--size', '3'], 2, "Unknown option '--size'"],
    [['lamp', 'shade'], 2, "'shade' is one argument too many"],
    [[''], 2, 'the folder has no name'],
    [['8250'], 1, 'VIV_SCAFFOLD_NAME: "8250" is no name for a package'],
    [['lamp', '--name', 'Lamp!'], 1, 'VIV_SCAFFOLD_NAME: "Lamp!" is no name for a package'],
  ])('refuses %j', async (args, code, said) => {
    using folder = scratchFolder();
    const outcome = await run(folder.path, args);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(said);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('is a program', () => {
    const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const viv = (...args: readonly string[]) =>
      execFileSync(process.execPath, ['--conditions=@vivarium/source', program, ...args], { encoding: 'utf8' });
    expect(viv('--help')).toContain('--kind KIND');
    expect(viv('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('npm create vivarium-plugin in a terminal', () => {
  const ENTER = '\r';
  const DOWN = '\u001b[B';
  const CTRL_C = '\u0003';

  it('asks what the command line leaves out', async () => {
    using folder = scratchFolder();
    const process = fakeProcess(folder.path, { terminal: true });
    process.type('lamp', ENTER, DOWN, ENTER, DOWN, ENTER);
    expect(await main([], process)).toBe(0);
    expect(manifestIn(join(folder.path, 'lamp'))).toMatchObject({ license: 'Apache-2.0' });
    expect(existsSync(join(folder.path, 'lamp/test/conformance.test.ts'))).toBe(true);
    for (const asked of ['In which folder?', 'What is it?', 'Under which licence?']) {
      expect(process.said.stdout).toContain(asked);
    }
  });

  it('does not take a name that will not do', async () => {
    using folder = scratchFolder();
    const process = fakeProcess(folder.path, { terminal: true });
    process.type('8', ENTER, CTRL_C);
    expect(await main([], process)).toBe(130);
    expect(process.said.stdout).toContain('"8" is no name for a package');
  });

  it('writes nothing when the questions are cancelled', async () => {
    using folder = scratchFolder();
    const process = fakeProcess(folder.path, { terminal: true });
    process.type(CTRL_C);
    expect(await main(['lamp'], process)).toBe(130);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('asks nothing with --yes', async () => {
    using folder = scratchFolder();
    const process = fakeProcess(folder.path, { terminal: true });
    expect(await main(['lamp', '--yes'], process)).toBe(0);
    expect(process.said.stdout).not.toContain('?');
  });
});
