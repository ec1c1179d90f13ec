import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createShares, minimumFree } from '../src/index.ts';

const MINIMUM = 1000;
const watch = () => createShares({ minimumFree: MINIMUM }).watchMemory({ cpu: 1000, memory: 2 ** 30 });
const ORDER = ['high', 'clear', 'soft', 'hard', 'low'] as const;

describe('the memory state of a host', () => {
  it('gets worse when free memory falls below 100, 64, 32 and 16% of the minimum', () => {
    const memory = watch();
    const states = [5000, 4000, 1000, 999, 640, 639, 320, 319, 160, 159, 0].map((free) => memory.update(free));
    expect(states).toEqual(['high', 'high', 'high', 'clear', 'clear', 'soft', 'soft', 'hard', 'hard', 'low', 'low']);
  });

  it('gets better when it rises to the threshold of the state above', () => {
    const memory = watch();
    memory.update(0);
    const states = [160, 319, 320, 639, 640, 999, 1000, 3999, 4000].map((free) => memory.update(free));
    expect(states).toEqual(['low', 'low', 'hard', 'hard', 'soft', 'soft', 'clear', 'clear', 'high']);
  });

  it('says what to do', () => {
    const memory = watch();
    const reclaims = [5000, 900, 500, 200, 100].map((free) => {
      memory.update(free);
      return [memory.state, memory.reclaims.join(' '), memory.wanted];
    });
    expect(reclaims).toEqual([
      ['high', '', 0],
      ['clear', 'share', 3100],
      ['soft', 'share balloon', 500],
      ['hard', 'share compress swap', 440],
      ['low', 'share compress swap block', 220],
    ]);
  });

  it('does not flutter: where free memory moves by less than a fifth of its amount, it changes once at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 5000 }),
        fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: 2, maxLength: 50 }),
        fc.constantFrom(0, 5000),
        (around, factors, before) => {
          const memory = watch();
          memory.update(before);
          const states = factors.map((factor) => memory.update(around * factor));
          const changes = states.filter((state, index) => index > 0 && state !== states[index - 1]);
          expect(changes.length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('depends on where it comes from only between two thresholds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 1, maxLength: 30 }), (readings) => {
        const memory = watch();
        for (const free of readings) {
          const state = memory.update(free);
          const [fresh, stale] = [watch(), watch()];
          stale.update(0);
          const best = ORDER.indexOf(fresh.update(free));
          const worst = ORDER.indexOf(stale.update(free));
          expect(ORDER.indexOf(state)).toBeGreaterThanOrEqual(best);
          expect(ORDER.indexOf(state)).toBeLessThanOrEqual(worst);
        }
      }),
    );
  });
});

describe('the minimum of free memory', () => {
  it('is 6, 4, 2 and 1 percent of what a host has more and more of', () => {
    const gibibytes = (count: number) => minimumFree(count * 2 ** 30) / 2 ** 30;
    expect(gibibytes(1)).toBeCloseTo(0.06, 6);
    expect(gibibytes(4)).toBeCloseTo(0.24, 6);
    expect(gibibytes(12)).toBeCloseTo(0.56, 6);
    expect(gibibytes(28)).toBeCloseTo(0.88, 6);
    expect(gibibytes(128)).toBeCloseTo(1.88, 6);
  });
});
