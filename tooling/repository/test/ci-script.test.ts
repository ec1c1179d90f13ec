import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEPS } from '../src/test-run/step.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(REPOSITORY, file), 'utf8');

describe('the script that CI runs', () => {
  it('is a script that bash can read', () => {
    execFileSync('bash', ['-n', join(REPOSITORY, '.ci/run')]);
    expect(read('.ci/run')).toContain('set -euo pipefail');
  });

  it('calls the test command of the README', () => {
    const [command] = /npx -y pnpm@\d+ test/.exec(read('README.md')) ?? [];
    expect(command).toBeDefined();
    expect(
      read('.ci/run')
        .split('\n')
        .filter((line) => line.startsWith(`${command}`)),
    ).toHaveLength(1);
  });

  it('runs scripts that the workspace has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const called = STEPS.map(({ command: [name = ''] }) => name).filter((name) => name !== 'exec');
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(called));
  });
});
