import { describe, expect, it } from 'vitest';
import { lockstep } from '../src/lockstep/lockstep.ts';

describe('translated code', () => {
  it('does what interpreted code does, with page tables, traps and changing code', { timeout: 120_000 }, async () => {
    const { regions, instructions, mismatch } = await lockstep({ seed: 1, regions: 2000, milliseconds: 60_000 });
    expect(mismatch).toBeUndefined();
    expect(regions).toBeGreaterThan(300);
    expect(instructions).toBeGreaterThan(30_000);
  });
});
