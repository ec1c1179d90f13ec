import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe('the differential run', () => {
  it('finds no mismatch in two thousand sequences over all extensions', () => {
    const run = spawnSync(process.execPath, ['--conditions=@vivarium/source', MAIN, '--sequences', '2000'], {
      encoding: 'utf8',
    });
    expect(run.stdout + run.stderr).toMatch(
      /^2000 sequences of \d{3} instructions in \d{2} extensions, .* against QEMU: 0 mismatches$/m,
    );
    expect(run.status).toBe(0);
  });
});
