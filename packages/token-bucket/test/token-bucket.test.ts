import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketLimit, RateLimiter, TokenBucket } from '../src/index.ts';

const amount = fc.integer({ min: 1, max: 100_000 });
const limit: fc.Arbitrary<BucketLimit> = fc.record({
  rate: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.double({ min: 1, max: 1e10, noNaN: true })),
  burst: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 1, max: 1e6, noNaN: true })),
  once: fc.nat(5000),
});
const steps = fc.array(fc.record({ amount, pass: fc.oneof(fc.nat(100), fc.nat(2_000_000_000)), looks: fc.nat(3) }), {
  minLength: 1,
  maxLength: 60,
});
/** Rounding of sums of up to 60 doubles. */
const SLACK = 1 + 1e-9;

describe('a token bucket', () => {
  it('L5 grants no span of time more than its burst and what came in, and what one request owes', () => {
    fc.assert(
      fc.property(limit, steps, fc.nat(1e12), (given, sequence, start) => {
        const bucket = new TokenBucket(given, start);
        const granted: { at: number; amount: number }[] = [];
        let now = start;
        for (const step of sequence) {
          now += step.pass;
          for (let look = 0; look < step.looks; look += 1) bucket.available(now);
          if (bucket.take(step.amount, now)) granted.push({ at: now, amount: step.amount });
          expect(bucket.available(now)).toBeLessThanOrEqual(given.burst);
        }
        granted.forEach((first, from) => {
          let sum = 0;
          for (const { at, amount } of granted.slice(from)) {
            const bound = given.burst + given.once! + (given.rate * (at - first.at)) / 1e9;
            // Only the last one may go into debt: it found the bucket full.
            expect(sum + Math.min(amount, given.burst)).toBeLessThanOrEqual(bound * SLACK);
            sum += amount;
          }
        });
      }),
    );
  });

  it('L5 grants at the moment that it names, which is finite, and not much earlier', () => {
    fc.assert(
      fc.property(limit, steps, fc.nat(1e12), (given, sequence, start) => {
        const bucket = new TokenBucket(given, start);
        let now = start;
        for (const { amount, pass } of sequence) {
          now += pass;
          const wait = bucket.wait(amount, now);
          expect(Number.isSafeInteger(wait) && wait >= 0).toBe(true);
          if (wait > 0) {
            expect(bucket.take(amount, now)).toBe(false);
            // A nanosecond, and the rounding of times of 2^53.
            const early = now + wait - 2 - Math.ceil(wait * 1e-9);
            if (early > now) expect(bucket.take(amount, early)).toBe(false);
            now += wait;
          }
          expect(bucket.take(amount, now)).toBe(true);
        }
      }),
    );
  });

  it('reaches its rate: whoever asks again and again gets all that comes in', () => {
    const bucket = new TokenBucket({ rate: 12_345, burst: 3000 }, 0);
    let [now, sum] = [0, 0];
    while (now < 100e9) {
      now += bucket.wait(1460, now);
      if (bucket.take(1460, now)) sum += 1460;
    }
    expect(sum / (12_345 * 100)).toBeCloseTo(1, 2);
  });

  it('gives its one-time units once, and first', () => {
    const bucket = new TokenBucket({ rate: 1, burst: 10, once: 100 }, 0);
    expect(bucket.take(105, 0)).toBe(true);
    expect(bucket.available(0)).toBe(5);
    expect(bucket.take(6, 0)).toBe(false);
    expect(bucket.available(1000e9)).toBe(10);
    expect(bucket.take(10, 1000e9)).toBe(true);
    expect(bucket.take(1, 1000e9)).toBe(false);
  });

  it('owes what a request above its burst took', () => {
    const bucket = new TokenBucket({ rate: 100, burst: 100 }, 0);
    expect(bucket.take(1000, 0)).toBe(true);
    expect(bucket.wait(1, 0)).toBe(9.01e9);
    expect(bucket.take(1, 9e9)).toBe(false);
    expect(bucket.wait(1000, 0)).toBe(10e9);
  });

  it('gains nothing by changes of its limit', () => {
    fc.assert(
      fc.property(fc.array(limit, { minLength: 2, maxLength: 10 }), amount, (limits, taken) => {
        const bucket = new TokenBucket(limits[0], 0);
        bucket.take(taken, 0);
        let last = bucket.available(0);
        for (const next of limits.slice(1)) {
          bucket.configure(next, 0);
          expect(bucket.limit).toBe(next);
          expect(bucket.available(0)).toBeLessThanOrEqual(last);
          expect(bucket.available(0)).toBeLessThanOrEqual(next.burst);
          last = bucket.available(0);
        }
        const largest = Math.max(...limits.map(({ once = 0 }) => once));
        if (taken >= largest + limits[0].burst) expect(last).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('stands still when time goes back', () => {
    const bucket = new TokenBucket({ rate: 1000, burst: 10 }, 1e9);
    expect(bucket.take(10, 1e9)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.wait(1, 0)).toBe(1e9 + 1e6);
    expect(bucket.take(1, 1e9 + 1e6)).toBe(true);
  });

  it.each([0, -5, Number.NaN])('grants %d units for nothing', (nothing) => {
    const bucket = new TokenBucket({ rate: 1, burst: 1 }, 0);
    expect(bucket.take(nothing, 0)).toBe(true);
    expect(bucket.wait(nothing, 0)).toBe(0);
    expect(bucket.available(0)).toBe(1);
  });

  it.each([
    { rate: 0, burst: 1 },
    { rate: 1, burst: 0.5 },
    { rate: Number.NaN, burst: 1 },
    { rate: Number.POSITIVE_INFINITY, burst: 1 },
    { rate: 1, burst: 1, once: -1 },
  ])('refuses %o', (wrong) => {
    expect(() => new TokenBucket(wrong, 0)).toThrow(expect.objectContaining({ code: 'VIV_BUCKET_LIMIT' }));
    const bucket = new TokenBucket({ rate: 1, burst: 1 }, 0);
    expect(() => bucket.configure(wrong, 0)).toThrow(expect.objectContaining({ code: 'VIV_BUCKET_LIMIT' }));
  });
});

describe('a rate limiter', () => {
  it('takes from both buckets or from none', () => {
    const limiter = new RateLimiter({ bytes: { rate: 1000, burst: 1000 }, operations: { rate: 10, burst: 2 } }, 0);
    expect(limiter.take(400, 0)).toBe(true);
    expect(limiter.take(700, 0)).toBe(false);
    expect(limiter.take(600, 0)).toBe(true);
    expect(limiter.wait(0, 0)).toBe(100e6);
    expect(limiter.wait(500, 0)).toBe(500e6);
    expect(limiter.take(500, 499e6)).toBe(false);
    expect(limiter.take(500, 500e6)).toBe(true);
  });

  it('changes while it is in use, and without limits grants all', () => {
    const limiter = new RateLimiter({}, 0);
    expect(limiter.limits).toEqual({});
    expect(limiter.take(1e12, 0)).toBe(true);
    const limits = { bytes: { rate: 1000, burst: 1000 } };
    limiter.configure(limits, 0);
    expect(limiter.limits).toEqual(limits);
    expect(limiter.take(1000, 0)).toBe(true);
    expect(limiter.take(1, 0)).toBe(false);
    limiter.configure({ bytes: { rate: 1e6, burst: 1000 }, operations: { rate: 1, burst: 1 } }, 0);
    expect(limiter.wait(1000, 0)).toBe(1e6);
    limiter.configure({}, 0);
    expect(limiter.take(1e12, 0)).toBe(true);
  });
});
