import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { TARGETS } from '../src/targets/targets.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

it('fuzzes every target for some seconds, and finds nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-fuzz-'));
  try {
    const options = ['--minutes', '0.6', '--jobs', '2', '--hang', '120', '--corpus', join(folder, 'corpus')];
    const command = [
      '--conditions=@vivarium/source',
      '--no-warnings',
      MAIN,
      ...options,
      '--findings',
      join(folder, 'found'),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    const lines = stdout.trim().split('\n');
    expect(lines.slice(1, -1).map((line) => line.split(' ')[0])).toEqual(Object.keys(TARGETS));
    expect(lines.at(-1)).toMatch(/^\d+ targets: \d{3,} executions, 0 findings$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
