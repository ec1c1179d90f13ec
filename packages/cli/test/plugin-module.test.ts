import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activeConditions, resolvePlugin } from '../src/plugin-module.ts';

const root = mkdtempSync(join(tmpdir(), 'viv-plugins-'));
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeAll(() => {
  put(
    'conditional/package.json',
    '{"exports":{".":{"@vivarium/source":"./s.ts","import":"./i.js","require":"./r.cjs"}}}',
  );
  for (const file of ['s.ts', 'i.js', 'r.cjs']) put(`conditional/${file}`, '');
  put('sugar/package.json', '{"exports":"./x.js"}');
  put('sugar/x.js', '');
  put('legacy/package.json', '{"main":"lib/m.js"}');
  put('legacy/lib/m.js', '');
  put('node_modules/@scope/dev/package.json', '{"exports":{".":[{"never":"./no.js"},"./y.js"],"./sub":"./z.js"}}');
  put('node_modules/@scope/dev/y.js', '');
  put('node_modules/@scope/dev/z.js', '');
  put('hollow/package.json', '{"exports":{"./other":"./x.js"}}');
  put('built/package.json', '{"exports":"./dist/missing.js"}');
  put('alone.ts', '');
  mkdirSync(join(root, 'deep/er'), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

const source = activeConditions(['--conditions=@vivarium/source'], '');
const plain = activeConditions([], '');

describe('a plugin specifier', () => {
  it.each([
    ['./conditional', source, 'conditional/s.ts'],
    ['./conditional', plain, 'conditional/i.js'],
    ['./sugar', plain, 'sugar/x.js'],
    ['./legacy', plain, 'legacy/lib/m.js'],
    ['./alone.ts', plain, 'alone.ts'],
    ['@scope/dev', plain, 'node_modules/@scope/dev/y.js'],
    ['@scope/dev/sub', plain, 'node_modules/@scope/dev/z.js'],
  ])('%s', (specifier, conditions, file) => {
    expect(resolvePlugin(specifier, root, conditions)).toBe(join(root, file));
  });

  it('is looked up in the folders above, too, and may be absolute', () => {
    expect(resolvePlugin('@scope/dev', join(root, 'deep/er'), plain)).toBe(join(root, 'node_modules/@scope/dev/y.js'));
    expect(resolvePlugin(join(root, 'sugar'), '/', plain)).toBe(join(root, 'sugar/x.js'));
    expect(resolvePlugin('../../sugar', join(root, 'deep/er'), plain)).toBe(join(root, 'sugar/x.js'));
  });

  it.each(['./nowhere', 'unknown-package', '@scope/dev/none', './hollow', './built', './deep', '', '@scope'])(
    'that leads nowhere is refused: %s',
    (specifier) => {
      expect(() => resolvePlugin(specifier, root, plain)).toThrow(`plugin '${specifier}' cannot be found`);
    },
  );
});

describe('the conditions', () => {
  it('are those node was started with', () => {
    expect([...activeConditions(['-C', 'a', '--conditions', 'b'], '--conditions=c -C=d')]).toEqual(
      expect.arrayContaining(['a', 'b', 'c', 'd', 'import', 'default']),
    );
  });
});
