import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../src/index.ts';

describe('the latency histogram', () => {
  const latency = fc.oneof(
    fc.nat(40),
    fc.nat(10_000_000),
    fc.integer({ min: 0, max: 46 }).map((power) => 2 ** power),
  );

  it('gives quantiles that are no lower than the true ones and at most an eighth higher', () => {
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (all, fraction) => {
          const histogram = new LatencyHistogram();
          for (const one of all) histogram.record(one);
          const sorted = all.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(all.length * fraction) - 1];
          expect(histogram.quantile(fraction)).toBeGreaterThanOrEqual(exact);
          expect(histogram.quantile(fraction)).toBeLessThanOrEqual(exact * 1.125);
          const { count, max, buckets } = histogram.summary();
          expect([count, max]).toEqual([all.length, sorted.at(-1)]);
          expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(all.length);
          for (const [index, { upTo, count }] of buckets.entries()) {
            const above = index === 0 ? -1 : buckets[index - 1].upTo;
            expect(all.filter((one) => one > above && one <= upTo).length).toBe(count);
          }
        },
      ),
    );
  });

  it('is empty at first, and takes what is too long for it', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.summary()).toEqual({ count: 0, p50: 0, p99: 0, max: 0, buckets: [] });
    histogram.record(Number.MAX_SAFE_INTEGER);
    expect(histogram.summary()).toMatchObject({ count: 1, max: Number.MAX_SAFE_INTEGER });
  });
});
