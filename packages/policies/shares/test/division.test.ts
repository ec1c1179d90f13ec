import type { CpuDemand } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShares } from '../src/index.ts';
import { claims } from './claims.ts';

const policy = createShares();

/** `[shares, demand, reservation, limit]` of each. */
type Row = readonly [shares: number, demand: number, reservation?: number, limit?: number];

const divide = (capacity: number, ...rows: readonly Row[]): readonly number[] =>
  policy.divideCpu(
    capacity,
    rows.map(([shares, demand, reservation = 0, limit], index): CpuDemand => {
      const cpu = { shares, reservation, ...(limit === undefined ? {} : { limit }) };
      return { demand, claims: claims(`guest-${index}`, { cpu }) };
    }),
  );

describe('the division of CPU', () => {
  it('is by shares where all want more', () => {
    expect(divide(4000, [1000, 4000], [2000, 4000], [1000, 4000])).toEqual([1000, 2000, 1000]);
  });

  it('gives nobody more than it wants or may have, and the rest to others', () => {
    expect(divide(4000, [1000, 500], [2000, 4000], [1000, 4000])).toEqual([500, 2333, 1167]);
    expect(divide(4000, [1000, 4000, 0, 100], [1000, 4000])).toEqual([100, 3900]);
    expect(divide(4000, [1000, 1000], [1000, 1500])).toEqual([1000, 1500]);
  });

  it('gives under contention what is reserved', () => {
    expect(divide(2000, [1, 2000, 1500], [999, 2000])).toEqual([1500, 500]);
  });

  it('lends out what is reserved and not used', () => {
    expect(divide(2000, [1000, 200, 1500], [1000, 2000])).toEqual([200, 1800]);
  });

  const row = fc
    .record({
      shares: fc.integer({ min: 1, max: 10_000 }),
      demand: fc.integer({ min: 0, max: 4000 }),
      reservation: fc.integer({ min: 0, max: 1000 }),
      above: fc.integer({ min: 0, max: 4000 }),
    })
    .map(
      ({ shares, demand, reservation, above }): Required<Row> =>
        [shares, demand, reservation, Math.min(4000, reservation + above)] as never,
    );

  it('uses all there is, breaks no bound, and favours nobody with fewer shares', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), fc.integer({ min: 0, max: 8000 }), (rows, spare) => {
        // What is reserved fits, as admission sees to.
        const capacity = rows.reduce((sum, [, , reservation]) => sum + reservation, 0) + spare;
        const parts = divide(capacity, ...rows);
        const wants = rows.map(([, demand, , limit]) => Math.min(demand, limit));
        const wanted = wants.reduce((sum, want) => sum + want, 0);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(Math.min(capacity, wanted));
        for (const [index, [shares, , reservation]] of rows.entries()) {
          const part = parts[index];
          expect(Number.isInteger(part)).toBe(true);
          expect(part).toBeLessThanOrEqual(wants[index]);
          expect(part).toBeGreaterThanOrEqual(Math.min(reservation, wants[index]));
          for (const [other, [otherShares, , otherReservation]] of rows.entries()) {
            // One that could have more has at least as much for a share as anybody above its reservation.
            if (part >= wants[index] || parts[other] <= otherReservation) continue;
            expect((part + 1) / shares).toBeGreaterThanOrEqual((parts[other] - 1) / otherShares - 1e-9);
          }
        }
      }),
    );
  });

  it('cuts reservations in proportion should they be more than there is', () => {
    expect(divide(1000, [1, 2000, 1500], [1, 2000, 500])).toEqual([750, 250]);
    expect(divide(0, [1, 2000, 1500], [1, 2000])).toEqual([0, 0]);
  });
});
