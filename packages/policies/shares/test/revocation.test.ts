import type { MemoryUse } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShares, idleCost, pagePrice } from '../src/index.ts';
import { claims } from './claims.ts';

const PAGE = 4096;
const PAGES = 10_000;

const use = (shares: number, held: number, active: number, reservation = 0): MemoryUse => ({
  claims: claims('guest', { memory: { shares, size: PAGES * PAGE, reservation } }),
  held,
  active,
});

/** What is left to each when both hold all they want and half of that has to go. */
const leftOf = (idleTax: number): readonly number[] => {
  const uses = [use(1000, PAGES * PAGE, 0), use(1000, PAGES * PAGE, 1)];
  return createShares({ idleTax })
    .revokeMemory(PAGES * PAGE, uses)
    .map((taken) => 1 - taken / (PAGES * PAGE));
};

describe('the idle tax', () => {
  it('leaves 20 : 80 to one that is all idle and one that is all active, with equal shares and a tax of 75%', () => {
    expect(idleCost(0.75)).toBe(4);
    const [idle, active] = leftOf(0.75);
    expect(idle).toBeCloseTo(0.2, 6);
    expect(active).toBeCloseTo(0.8, 6);
  });

  it('leaves 50 : 50 without a tax', () => {
    expect(leftOf(0)).toEqual([0.5, 0.5]);
  });
});

describe('revocation', () => {
  const policy = createShares();

  it('takes from whoever pays least for a page', () => {
    const uses = [use(1000, 1000 * PAGE, 1), use(1000, 1000 * PAGE, 0.5), use(4000, 1000 * PAGE, 1)];
    expect(policy.revokeMemory(100 * PAGE, uses)).toEqual([0, 100 * PAGE, 0]);
  });

  it('leaves what is reserved, and takes less than was asked rather', () => {
    const uses = [use(1, 1000 * PAGE, 0, 900 * PAGE), use(1000, 1000 * PAGE, 1, 500 * PAGE)];
    expect(policy.revokeMemory(300 * PAGE, uses)).toEqual([100 * PAGE, 200 * PAGE]);
    expect(policy.revokeMemory(5000 * PAGE, uses)).toEqual([100 * PAGE, 500 * PAGE]);
    expect(policy.revokeMemory(0, uses)).toEqual([0, 0]);
    expect(policy.revokeMemory(-5, uses)).toEqual([0, 0]);
    expect(policy.revokeMemory(5, [])).toEqual([]);
  });

  it('takes measurements that are none for the nearest that is', () => {
    const uses = [use(1000, 1000 * PAGE, Number.NaN), use(1000, 1000 * PAGE, 7)];
    expect(policy.revokeMemory(100 * PAGE, uses)).toEqual([100 * PAGE, 0]);
  });

  it('is what comes of taking one page after the other from whoever pays least', () => {
    const guest = fc.record({
      shares: fc.integer({ min: 1, max: 1000 }),
      held: fc.integer({ min: 0, max: 120 }),
      active: fc.double({ min: 0, max: 1, noNaN: true }),
      reserved: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(
        fc.array(guest, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (guests, pages, idleTax) => {
          const uses = guests.map(({ shares, held, active, reserved }) =>
            use(shares, held * PAGE, active, reserved * PAGE),
          );
          const taken = createShares({ idleTax }).revokeMemory(pages * PAGE, uses);
          const left = uses.map(({ held }) => held);
          for (let page = 0; page < pages; page += 1) {
            let cheapest: number | undefined;
            for (const [index, one] of uses.entries()) {
              if (left[index] <= (one.claims.memory.reservation ?? 0)) continue;
              const price = (of: number) => pagePrice({ ...uses[of], held: left[of] }, idleTax);
              if (cheapest === undefined || price(index) < price(cheapest)) cheapest = index;
            }
            if (cheapest === undefined) break;
            left[cheapest] -= PAGE;
          }
          for (const [index, { held }] of uses.entries()) {
            // The one takes bytes and the other pages.
            expect(Math.abs(held - taken[index] - left[index])).toBeLessThanOrEqual(guests.length * PAGE);
          }
          const all = uses.reduce((sum, { held }, index) => sum + held - left[index], 0);
          expect(taken.reduce((sum, one) => sum + one, 0)).toBe(all);
        },
      ),
      { numRuns: 200 },
    );
  });
});
