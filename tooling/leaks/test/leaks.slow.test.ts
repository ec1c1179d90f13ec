import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { table } from '../src/report.ts';
import { KINDS, measureRounds, type Row } from '../src/rounds.ts';

describe('machines that were created, run and destroyed', () => {
  // Memory needs more rounds than a test has: `pnpm leaks:cells`.
  it.each(KINDS)('leave nothing behind: %s', async (cell) => {
    const folder = await mkdtemp(join(tmpdir(), 'viv-leaks-'));
    try {
      const { before, after } = await measureRounds({ cell, rounds: 6, folder });
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
      expect(after.threads).toBeLessThanOrEqual(before.threads);
      expect(after.processes).toBeLessThanOrEqual(before.processes);
      expect(after.files).toBeLessThanOrEqual(before.files);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the report', () => {
  it('says what was left behind', () => {
    const nothing = { descriptors: 1, threads: 2, processes: 0, files: 0, handles: 3 };
    const row: Row = {
      cell: 'process',
      guest: 'Debian',
      rounds: 3,
      before: nothing,
      after: { ...nothing, files: 4 },
      memory: [
        { live: 1024, resident: 2048 },
        { live: 1024, resident: 2048 },
      ],
      leaks: ['4 files'],
    };
    expect(table([row])).toContain('0 → 4');
    expect(table([row])).toMatch(/4 files\n\n1 leaks$/);
  });
});
