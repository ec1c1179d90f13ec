import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TYPESCRIPT } from '../src/configuration.ts';
import { type Kind, type ProjectRequest, projectFiles, writeProject } from '../src/index.ts';
import { kindNames } from '../src/kinds.ts';
import { scratchFolder } from './support/scratch.ts';

const HOME = fileURLToPath(new URL('..', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

const request = (kind: Kind, rest: Partial<ProjectRequest> = {}): ProjectRequest => ({
  name: '@me/my-device',
  kind,
  licence: 'MIT',
  packageManager: 'npm',
  year: 2026,
  ...rest,
});

const files = (kind: Kind, rest: Partial<ProjectRequest> = {}) => projectFiles(request(kind, rest));

const manifestOf = (project: ReadonlyMap<string, string>) =>
  JSON.parse(project.get('package.json') ?? '') as Readonly<Record<string, unknown>>;

/** Runs a tool of the workspace; what it prints is in the error when it fails. */
const tool = (name: string, args: readonly string[], cwd: string): string => {
  try {
    return execFileSync(`${REPOSITORY}/node_modules/.bin/${name}`, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${name} ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
};

describe.each(kindNames)('a new package of kind %s', (kind) => {
  it('has all that a package needs', () => {
    expect([...files(kind).keys()]).toEqual(
      expect.arrayContaining([
        'package.json',
        'tsconfig.json',
        'biome.json',
        '.gitignore',
        'LICENSE',
        'README.md',
        '.github/workflows/ci.yml',
        'src/index.ts',
        'src/my-device.ts',
        'test/my-device.test.ts',
      ]),
    );
  });

  it('speaks of nothing but itself', () => {
    for (const [path, text] of files(kind)) expect(`${path}\n${text}`).not.toMatch(/sample[-_]?(?:device|package)/i);
    expect(files(kind).get('src/index.ts')).toContain("name: '@me/my-device'");
    expect(files(kind).get('src/my-device.ts')).toContain('class MyDevice ');
  });

  // Formatting depends on how long names are.
  it.each(['a', `a-name-that-${'is-long-'.repeat(3)}okay`])('is formatted and clean when named %s', async (name) => {
    using folder = scratchFolder();
    await writeProject(folder.path, files(kind, { name }));
    expect(tool('biome', ['check', '--error-on-warnings'], folder.path)).toBe('');
  });

  it('compiles, also when its name is one that the code uses', async () => {
    const name = kind === 'virtio' ? 'virtio-device' : 'device';
    using folder = scratchFolder(HOME);
    await writeProject(folder.path, files(kind, { name }));
    expect(tool('tsc', ['-p', '.', '--customConditions', '@vivarium/source'], folder.path)).toBe('');
  });
});

describe('the manifest of a new package', () => {
  it('takes its ranges from ours, and the compiler we use', () => {
    const ours = JSON.parse(readFileSync(`${HOME}/package.json`, 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const root = JSON.parse(readFileSync(`${REPOSITORY}/package.json`, 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    expect(manifestOf(files('virtio'))).toMatchObject({
      dependencies: { zod: ours.devDependencies['zod'] },
      devDependencies: { vitest: ours.devDependencies['vitest'], typescript: TYPESCRIPT },
    });
    expect(`npm:typescript@${TYPESCRIPT.replace('^', '')}`).toBe(root.devDependencies['typescript-7']);
  });

  it('has the licence that was chosen, and its text', () => {
    const project = files('device', { licence: 'BSD-3-Clause', author: 'A. $& Author' });
    expect(manifestOf(project)).toMatchObject({ license: 'BSD-3-Clause', author: 'A. $& Author' });
    expect(project.get('LICENSE')).toContain('Copyright (c) 2026 A. $& Author\n');
    expect(files('device').get('LICENSE')).toContain('Copyright (c) 2026 The authors of @me/my-device\n');
    expect(files('device', { licence: 'Apache-2.0' }).get('LICENSE')).toContain('Version 2.0, January 2004');
  });

  it('is private when there is no licence', () => {
    const project = files('device', { licence: 'UNLICENSED' });
    expect(manifestOf(project)).toMatchObject({ license: 'UNLICENSED', private: true });
    expect(project.has('LICENSE')).toBe(false);
  });
});

describe('what a new package says to its reader', () => {
  it('is in the words of who made it: npm', () => {
    expect(files('virtio').get('README.md')).toContain('npm install\nnpm run build\nnpx viv run debian');
    expect(files('virtio').get('.github/workflows/ci.yml')).toContain('- run: npm install\n      - run: npm run lint');
  });

  it('is in the words of who made it: pnpm', () => {
    const project = files('virtio', { packageManager: 'pnpm' });
    expect(project.get('README.md')).toContain('pnpm install\npnpm build\npnpm viv run debian');
    expect(project.get('README.md')).toContain('pnpm test\npnpm lint');
    expect(project.get('.github/workflows/ci.yml')).toContain(
      '      - run: npm install --global pnpm\n      - run: pnpm install\n      - run: pnpm lint\n',
    );
    expect(project.get('.github/workflows/ci.yml')).toContain('- run: pnpm viv run debian');
  });
});
