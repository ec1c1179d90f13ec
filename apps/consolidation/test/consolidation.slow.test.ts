import { expect, it } from 'vitest';
import { consolidate } from '../src/consolidation.ts';
import { GUESTS } from '../src/guests.ts';

it('guests in threads share pCPUs by weight, whatever their neighbours do', async () => {
  const { outcomes, troubles } = await consolidate({
    guests: GUESTS.filter(({ name }) => ['alpha', 'delta', 'flood', 'victim'].includes(name)),
    pcpus: 1,
    seconds: 5,
    cell: 'worker',
    rounds: 10,
    memory: 128,
    progress: () => {},
  });
  const [alpha, delta, flood, victim] = outcomes;
  expect([alpha.right, delta.right]).toEqual([true, true]);
  expect([alpha.end, delta.end, flood.end, victim.end]).toEqual([undefined, undefined, undefined, 'stopped']);
  expect(flood.printed).toBeGreaterThan(1000);
  // A few slices more or less are a good part of five seconds on a host that is busy itself.
  for (const { share = 0, entitled = 1 } of [alpha, delta]) expect(Math.abs(share / entitled - 1)).toBeLessThan(0.15);
  expect(victim.ran).toBe(0);
  expect(troubles).toEqual([]);
});
