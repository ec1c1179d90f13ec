import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crashRound } from '../src/round.ts';

it.each([
  ['mmio', 'raw', 200],
  ['pci', 'qcow2', 700],
] as const)('a machine that is killed loses nothing that it flushed, over %s to %s', async (bus, format, delay) => {
  const folder = mkdtempSync(join(tmpdir(), 'viv-crash-'));
  try {
    const { promised, problem } = await crashRound({ image: join(folder, 'disk.img'), format, bus, delay });
    expect(problem).toBeUndefined();
    expect(promised).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
