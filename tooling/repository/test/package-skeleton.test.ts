import { describe, expect, it } from 'vitest';
import { checkPackages } from '../src/house-rules/package-rules.ts';
import { packageSkeleton } from '../src/package-skeleton.ts';
import { ScratchWorkspace } from './scratch-workspace.ts';

describe('a new package', () => {
  it.each(['packages/devices/toaster', 'packages/softfloat'])('keeps the rules of packages: %s', (folder) => {
    using scratch = new ScratchWorkspace();
    for (const [file, text] of packageSkeleton(folder, 'Makes toast')) scratch.write(`${folder}/${file}`, text);
    const findings = checkPackages(scratch.read()).filter(({ where }) => where.startsWith(folder));
    expect(findings.map(({ what }) => what)).toEqual(['has no test beside src']);
  });

  it('must stand on a floor', () => {
    expect(() => packageSkeleton('packages/attic', 'Old things')).toThrow('on no floor');
  });
});
