import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../../..');

describe('a fresh clone with an empty home', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'vivarium-clone-'));
  const clone = join(scratch, 'clone');
  const home = join(scratch, 'home');

  /** Runs the command as a stranger's shell would: nothing of this process's package manager reaches it. */
  const pnpm = (...args: readonly string[]) => {
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
    return spawnSync('npx', ['-y', 'pnpm@12', ...args], {
      cwd: clone,
      encoding: 'utf8',
      env: { PATH: path.join(delimiter), HOME: home },
    });
  };

  beforeAll(() => {
    mkdirSync(home);
    execFileSync('git', ['clone', '--quiet', REPOSITORY, clone]);
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('installs before the first command and keeps its stdout clean', () => {
    const first = pnpm('--silent', 'viv', '--help');
    expect(first.status, first.stderr).toBe(0);
    const second = pnpm('--silent', 'viv', '--help');
    expect(second.status, second.stderr).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    expect(first.stdout).toContain('viv');
  });

  it('runs a command in the default guest, alone on stdout, and exits as it did', () => {
    const named = pnpm('--silent', 'viv', 'run', 'debian', '--exec', 'uname -m');
    expect(named, named.stderr).toMatchObject({ status: 0, stdout: 'riscv64\n' });
    const failed = pnpm('--silent', 'viv', 'run', 'debian', '--exec', 'exit 7');
    expect(failed, failed.stderr).toMatchObject({ status: 7, stdout: '' });
  });
});
