import { describe, expect, it } from 'vitest';
import { checkFiles, median } from '../src/house-rules/file-rules.ts';
import { checkPackages, expectedName, withoutSourceCondition } from '../src/house-rules/package-rules.ts';
import { checkText } from '../src/house-rules/text-rules.ts';
import type { Finding, Workspace } from '../src/workspace.ts';
import { ScratchWorkspace } from './scratch-workspace.ts';

/** Rules of `check` that `text` in `file` breaks. */
const broken = (check: (workspace: Workspace) => Finding[], file: string, text: string): string[] => {
  using scratch = new ScratchWorkspace();
  scratch.write(file, text);
  return check(scratch.read())
    .filter(({ where }) => where.startsWith(file))
    .map(({ rule }) => rule);
};

describe('text', () => {
  const file = 'packages/kernel/src/a.ts';
  // Joined here, so that this file keeps the rules that it tests.
  const join = (...parts: string[]): string => parts.join('');

  it.each([
    ['no-registry-host', join('// https://regis', 'try.npm', 'js.org/zod\n')],
    ['no-registry-host', join('// http://deb.', 'debian.org/debian\n')],
    ['no-registry-host', join('// https://npm-', 'mirror.example.com/\n')],
    ['no-machine-path', join("const path = '/ho", "me/ada/vivarium';\n")],
    ['no-machine-path', join('// see /wo', 'rk/main\n')],
    ['no-unfinished-work', join('// TO', 'DO later\n')],
    ['no-module-state', 'export let counter = 0;\n'],
    ['no-top-level-await', "const text = await load('x');\n"],
  ])('%s', (rule, text) => {
    expect(broken(checkText, file, text)).toEqual([rule]);
  });

  it('may name other hosts, and paths of a guest', () => {
    expect(broken(checkText, file, "// https://www.debian.org/\nconst mount = 'mount -t tmpfs tmpfs /tmp';\n")).toEqual(
      [],
    );
  });

  it('of the lockfile fixes no address', () => {
    const text = "packages:\n  zod@4.0.0:\n    resolution: {tarball: 'https://example.com/zod.tgz'}\n";
    expect(broken(checkText, 'pnpm-lock.yaml', text)).toEqual(['no-tarball-in-lockfile']);
  });

  it('may keep state inside of functions', () => {
    expect(broken(checkText, file, 'const make = () => {\n  let count = 0;\n  return () => count++;\n};\n')).toEqual(
      [],
    );
  });
});

describe('files', () => {
  const lines = (count: number): string => '// a line\n'.repeat(count);

  it('hold at most 500 lines unless they are tables', () => {
    expect(broken(checkFiles, 'packages/kernel/src/a.ts', lines(500))).toEqual([]);
    expect(broken(checkFiles, 'packages/kernel/src/a.ts', lines(501))).toEqual(['file-length']);
    expect(broken(checkFiles, 'packages/kernel/src/opcode-table.ts', lines(501))).toEqual([]);
    expect(broken(checkFiles, 'packages/kernel/src/table/floating.ts', lines(501))).toEqual([]);
  });

  it('have names that say something', () => {
    expect(broken(checkFiles, 'packages/kernel/src/utils/a.ts', '')).toEqual(['empty-name']);
    expect(broken(checkFiles, 'packages/kernel/src/part-manager.ts', '')).toEqual(['empty-name']);
    expect(broken(checkFiles, 'packages/kernel/src/commonwealth.ts', '')).toEqual([]);
  });

  it('are named in kebab-case', () => {
    expect(broken(checkFiles, 'packages/kernel/src/PartList.ts', '')).toEqual(['kebab-case']);
    expect(broken(checkFiles, 'packages/kernel/test/part-list.slow.test.ts', '')).toEqual([]);
  });

  it('are short in the middle', () => {
    expect(median([])).toBe(0);
    expect(median([3, 1, 2])).toBe(2);
    using scratch = new ScratchWorkspace();
    for (let index = 0; index < 20; index += 1) scratch.write(`packages/kernel/src/a${index}.ts`, lines(151));
    expect(checkFiles(scratch.read()).map(({ rule }) => rule)).toEqual(['median-length']);
  });
});

describe('packages', () => {
  it('are named after their folder', () => {
    expect(expectedName('packages/kernel')).toBe('@vivarium/kernel');
    expect(expectedName('packages/devices/uart')).toBe('@vivarium/device-uart');
    expect(expectedName('packages/policies/shares')).toBe('@vivarium/policy-shares');
    expect(expectedName('packages/virtio/blk')).toBe('@vivarium/virtio-blk');
    expect(expectedName('packages/create-lamp')).toBe('create-lamp');
  });

  it('publish their exports without the private condition', () => {
    const exports = {
      '.': { '@vivarium/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    };
    expect(withoutSourceCondition(exports)).toEqual({
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    });
  });

  it('of an app may be named as their author likes', () => {
    using scratch = new ScratchWorkspace();
    scratch.addPackage('apps/toaster', 'somebodys-toaster');
    const where = checkPackages(scratch.read()).map((finding) => finding.where);
    expect(where).not.toContain('apps/toaster/package.json');
  });

  it('say what they lack', () => {
    using scratch = new ScratchWorkspace();
    const what = checkPackages(scratch.read())
      .filter(({ where }) => where.startsWith('packages/devices/lamp'))
      .map((finding) => finding.what);
    expect(what).toContain('has no README.md');
    expect(what).toContain('has no description in package.json');
    expect(what).toContain('has no test beside src');
    expect(what).toContain('a plugin has @vivarium/contracts as peer dependency workspace:^');
  });
});
