import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crashRound } from '../src/round.ts';

it.each([
  ['mmio', 200],
  ['pci', 700],
])('a machine that is killed loses nothing that it flushed, over %s', async (bus, delay) => {
  const folder = mkdtempSync(join(tmpdir(), 'viv-crash-'));
  try {
    const { promised, problem } = await crashRound({ image: join(folder, 'disk.img'), bus, delay });
    expect(problem).toBeUndefined();
    expect(promised).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
