import { periodic } from '@vivarium/scheduler-sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSchedulable } from '../src/index.ts';
import { MILLISECOND, schedulableSets, simulate, usedInPeriods } from './sets.ts';

/** Periods in which a vCPU that always wants to run did not get all of its budget. */
const misses = (reservations: Parameters<typeof simulate>[0], pcpus: number, time = 400 * MILLISECOND): number => {
  const simulation = simulate(reservations, pcpus);
  simulation.runUntil(time);
  return reservations.reduce(
    (sum, { budget }, id) => sum + usedInPeriods(simulation, reservations, id).filter((used) => used < budget).length,
    0,
  );
};

describe('a budget', () => {
  it('is there in every period on one pCPU when U ≤ 1', () => {
    fc.assert(
      fc.property(schedulableSets(1), (reservations) => {
        expect(misses(reservations, 1)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is there in every period when one pCPU is full to the last nanosecond', () => {
    const full = [
      { budget: 1 * MILLISECOND, period: 4 * MILLISECOND },
      { budget: 2 * MILLISECOND, period: 5 * MILLISECOND },
      { budget: 7 * MILLISECOND, period: 20 * MILLISECOND },
    ];
    expect(full.reduce((sum, { budget, period }) => sum + budget / period, 0)).toBe(1);
    expect(misses(full, 1, 2000 * MILLISECOND)).toBe(0);
  });

  it('is there in every period on m pCPUs when U ≤ m − (m − 1) · u_max', () => {
    const cases = fc
      .integer({ min: 2, max: 6 })
      .chain((pcpus) => fc.record({ pcpus: fc.constant(pcpus), reservations: schedulableSets(pcpus) }));
    fc.assert(
      fc.property(cases, ({ pcpus, reservations }) => {
        expect(misses(reservations, pcpus)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is there in time for work that comes at the start of each period', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((pcpus) => fc.tuple(fc.constant(pcpus), schedulableSets(pcpus))),
        ([pcpus, reservations]) => {
          const simulation = simulate(reservations, pcpus, (id) =>
            // The last nanosecond is for going to sleep.
            periodic(reservations[id].budget - 1, reservations[id].period),
          );
          simulation.runUntil(400 * MILLISECOND);
          for (const { late, completed, vcpu } of simulation.report().vcpus) {
            expect(late).toBe(0);
            expect(completed).toBeGreaterThanOrEqual(Math.floor(simulation.now / reservations[vcpu].period) - 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is not there for a set of Dhall, which the bound refuses: two light, one heavy, two pCPUs', () => {
    const dhall = [
      { budget: 1 * MILLISECOND, period: 10 * MILLISECOND },
      { budget: 1 * MILLISECOND, period: 10 * MILLISECOND },
      { budget: 9.9 * MILLISECOND, period: 10.1 * MILLISECOND },
    ];
    expect(dhall.reduce((sum, { budget, period }) => sum + budget / period, 0)).toBeLessThan(1.2);
    expect(isSchedulable(dhall, 2)).toBe(false);
    expect(misses(dhall, 2)).toBeGreaterThan(0);
  });

  it('is not there when more is promised than there is', () => {
    const over = Array.from({ length: 3 }, () => ({ budget: 4 * MILLISECOND, period: 10 * MILLISECOND }));
    expect(isSchedulable(over, 1)).toBe(false);
    expect(misses(over, 1)).toBeGreaterThan(0);
  });
});

describe('what is schedulable', () => {
  it('is U ≤ 1 on one pCPU and nothing on none', () => {
    const half = { budget: 5 * MILLISECOND, period: 10 * MILLISECOND };
    expect(isSchedulable([half, half], 1)).toBe(true);
    expect(isSchedulable([half, half, { ...half, budget: 10_000 }], 1)).toBe(false);
    expect(isSchedulable([], 0)).toBe(false);
    expect(isSchedulable([], 1)).toBe(true);
    // Ten tenths are more than one in floating point.
    expect(
      isSchedulable(
        Array.from({ length: 10 }, () => ({ budget: 100_000, period: 1_000_000 })),
        1,
      ),
    ).toBe(true);
  });
});
