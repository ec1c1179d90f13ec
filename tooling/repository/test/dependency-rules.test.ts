import { describe, expect, it } from 'vitest';
import { checkDependencies, recordedLicences } from '../src/house-rules/dependency-rules.ts';
import { ScratchWorkspace } from './scratch-workspace.ts';

const RECORD =
  '| name | licence | why |\n|---|---|---|\n| zod | MIT | Options. |\n| @scope/thing | MIT OR Apache-2.0 | Things. |\n';

/** What the check says when the kernel depends on `zod`, which declares `licence`. */
const found = (record: string, licence: string): string[] => {
  using scratch = new ScratchWorkspace();
  scratch.write('docs/adr/0003-dependencies.md', record);
  const manifest = { name: '@vivarium/kernel', version: '0.1.0', dependencies: { zod: '^4.0.0' } };
  scratch.write('packages/kernel/package.json', JSON.stringify(manifest));
  scratch.write('packages/kernel/node_modules/zod/package.json', JSON.stringify({ name: 'zod', license: licence }));
  return checkDependencies(scratch.read()).map(({ what }) => what);
};

describe('the record of dependencies', () => {
  it('is read as a table', () => {
    expect(recordedLicences(RECORD).get('@scope/thing')).toBe('MIT OR Apache-2.0');
  });

  it('has each dependency from outside', () => {
    expect(found(RECORD, 'MIT')).toEqual([]);
    expect(found('', 'MIT')).toEqual(['zod has no row in docs/adr/0003-dependencies.md']);
  });

  it('says the licence that the package declares', () => {
    expect(found(RECORD, 'GPL-3.0-only')).toEqual(['zod is GPL-3.0-only; docs/adr/0003-dependencies.md says MIT']);
  });
});
