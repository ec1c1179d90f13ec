import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CapWindow } from '../src/index.ts';

/** Nanoseconds of use as a set of points; periods are short here, so that this can be counted. */
const usedIn = (runs: readonly (readonly [number, number])[], from: number, to: number): number =>
  runs.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);

const PERIOD = 50;

describe('a cap', () => {
  it('grants its budget, and again one period after it was used', () => {
    const cap = new CapWindow(20, PERIOD, 5);
    expect(cap.grant(0, 0)).toBe(20);
    cap.charge(20, 20);
    expect(cap.grant(0, 20)).toBe(0);
    expect(cap.nextGrant(0, 20)).toBe(PERIOD);
    // What was used from 0 to 20 comes back while it runs from 50 to 70.
    expect(cap.grant(0, PERIOD)).toBe(20);
  });

  it('leaves out what siblings are about to use', () => {
    const cap = new CapWindow(20, PERIOD, 5);
    expect(cap.grant(12, 0)).toBe(8);
    expect(cap.grant(16, 0)).toBe(0);
  });

  const steps = fc.array(fc.record({ idle: fc.nat(30), want: fc.integer({ min: 1, max: 40 }) }), { maxLength: 120 });

  it('is never exceeded in any period, wherever it begins, and the wait it names ends with a grant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PERIOD }), steps, (budget, wanted) => {
        const cap = new CapWindow(budget, PERIOD, 3);
        const runs: [number, number][] = [];
        let now = 0;
        for (const { idle, want } of wanted) {
          now += idle;
          if (cap.grant(0, now) === 0) {
            const next = cap.nextGrant(0, now);
            expect(next).toBeGreaterThan(now);
            expect(next).toBeLessThanOrEqual(now + PERIOD);
            expect(cap.grant(0, next - 1)).toBe(0);
            now = next;
          }
          const ran = Math.min(want, cap.grant(0, now));
          expect(ran).toBeGreaterThan(0);
          runs.push([now, now + ran]);
          now += ran;
          cap.charge(ran, now);
        }
        for (const [, end] of runs) expect(usedIn(runs, end - PERIOD, end)).toBeLessThanOrEqual(budget);
        for (const [start] of runs) expect(usedIn(runs, start, start + PERIOD)).toBeLessThanOrEqual(budget);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a guest that always wants to run all of its budget', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: PERIOD }), (budget) => {
        const cap = new CapWindow(budget, PERIOD, 5);
        let used = 0;
        let now = 0;
        while (now < 100 * PERIOD) {
          const ran = cap.grant(0, now);
          if (ran === 0) now = cap.nextGrant(0, now);
          else {
            now += ran;
            used += ran;
            cap.charge(ran, now);
          }
        }
        expect(used).toBeGreaterThanOrEqual(100 * budget);
      }),
    );
  });

  it('remembers a bounded number of runs, to the disadvantage of who makes many', () => {
    const cap = new CapWindow(200_000, 1_000_000, 1000);
    let used = 0;
    for (let now = 0; now < 1_000_000; now += 200) {
      if (cap.grant(0, now) === 0) continue;
      used += 100;
      cap.charge(100, now + 100);
    }
    expect(used).toBeLessThanOrEqual(200_000);
    expect(used).toBeGreaterThan(190_000);
  });

  it('holds for siblings that run at the same time', () => {
    const cap = new CapWindow(30, PERIOD, 3);
    const runs: [number, number][] = [];
    let now = 0;
    for (let round = 0; round < 50; round += 1) {
      const first = Math.floor(cap.grant(0, now) / 2);
      const second = first === 0 ? 0 : cap.grant(first, now);
      if (first === 0) {
        now = Math.max(now + 1, cap.nextGrant(0, now));
        continue;
      }
      const shorter = Math.min(first, second);
      runs.push([now, now + first], [now, now + second]);
      cap.charge(shorter, now + shorter);
      cap.charge(Math.max(first, second), now + Math.max(first, second));
      now += Math.max(first, second);
    }
    expect(runs.length).toBeGreaterThan(20);
    for (const [, end] of runs) expect(usedIn(runs, end - PERIOD, end)).toBeLessThanOrEqual(30);
  });
});
