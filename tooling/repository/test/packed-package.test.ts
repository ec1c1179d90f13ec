import { describe, expect, it } from 'vitest';
import { checkPackedFiles } from '../src/publishing/packed-package.ts';
import { publishWarnings } from '../src/publishing/publish-output.ts';

const pkg = { folder: 'packages/devices/lamp', manifest: { name: '@vivarium/device-lamp', version: '0.1.0' } };

const COMPLETE: Readonly<Record<string, string>> = {
  LICENSE: '',
  'README.md': '',
  'package.json': '{ "exports": { ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" } } }',
  'src/index.ts': '',
  'dist/index.js': '',
  'dist/index.js.map': '',
  'dist/index.d.ts': '',
  'dist/index.d.ts.map': '',
};

/** What the check says about a package that holds `files`. */
const found = (files: Readonly<Record<string, string>>): string[] => {
  const root = '/node_modules/@vivarium/device-lamp/';
  const packed = {
    listFiles: () => Object.keys(files).map((file) => root + file),
    readFile: (file: string) => files[file.slice(root.length)] ?? '',
  };
  return checkPackedFiles(packed, pkg).map(({ what }) => what);
};

const without = (file: string): Record<string, string> =>
  Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => name !== file));

describe('a packed package', () => {
  it('holds licence, README, manifest, sources and their build', () => {
    expect(found(COMPLETE)).toEqual([]);
    for (const file of Object.keys(COMPLETE)) expect(found(without(file)).join(), file).toContain(`${file} is missing`);
  });

  it('holds nothing that was left over or is not for its users', () => {
    expect(found({ ...COMPLETE, 'dist/old.js': '' })).toEqual([
      'dist/old.js is left over, its source is gone: remove dist and build',
    ]);
    expect(found({ ...COMPLETE, 'test/lamp.test.ts': '' })).toEqual(['test/lamp.test.ts should not be published']);
  });

  it('may hold templates with tests of theirs', () => {
    expect(found({ ...COMPLETE, 'templates/lamp/test/lamp.test.ts': '' })).toEqual([]);
  });

  it('does not lead to the sources of the repository', () => {
    const manifest = '{ "exports": { ".": { "@vivarium/source": "./src/index.ts" } } }';
    expect(found({ ...COMPLETE, 'package.json': manifest })).toEqual([
      'package.json still has the condition @vivarium/source',
    ]);
  });

  it('names no dependency that only the workspace knows', () => {
    const manifest = '{ "dependencies": { "@vivarium/contracts": "workspace:^" } }';
    expect(found({ ...COMPLETE, 'package.json': manifest })).toEqual(['package.json still names "workspace:^"']);
  });
});

describe('the output of a dry run', () => {
  it('is clean when it says only that it is a dry run', () => {
    expect(publishWarnings('+ @vivarium/kernel\n[WARN] Skip publishing @vivarium/kernel@0.1.0 (dry run)\n')).toEqual(
      [],
    );
  });

  it('is not clean with any other warning', () => {
    expect(publishWarnings('[WARN] bin points nowhere\n').map(({ what }) => what)).toEqual([
      '[WARN] bin points nowhere',
    ]);
  });
});
