import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ideal, idealRates } from '../src/index.ts';

const weights = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 30 });
const pcpus = fc.integer({ min: 1, max: 16 });

describe('the rates of the ideal machine', () => {
  it('use every pCPU that can be used, and none twice', () => {
    fc.assert(
      fc.property(weights, pcpus, (all, count) => {
        const rates = idealRates(all, count);
        const sum = rates.reduce((total, rate) => total + rate, 0);
        expect(sum).toBeCloseTo(Math.min(count, all.length), 6);
        for (const rate of rates) expect(rate > 0 && rate <= 1).toBe(true);
      }),
    );
  });

  it('are by weight among those that get less than a pCPU, and nobody with more weight gets less', () => {
    fc.assert(
      fc.property(weights, pcpus, (all, count) => {
        const rates = idealRates(all, count);
        for (const [one, weight] of all.entries()) {
          for (const [other, otherWeight] of all.entries()) {
            if (rates[one] < 1 && rates[other] < 1) {
              expect(rates[one] * otherWeight).toBeCloseTo(rates[other] * weight, 4);
            }
            if (weight > otherWeight) expect(rates[one]).toBeGreaterThanOrEqual(rates[other]);
          }
        }
      }),
    );
  });

  it('are those of the published example: one of half the weight has a pCPU', () => {
    expect(idealRates([256, 512, 1024, 256], 2)).toEqual([0.25, 0.5, 1, 0.25]);
    expect(idealRates([10, 1], 2)).toEqual([1, 1]);
  });
});

describe('the ideal machine', () => {
  it('gives what the rates say while vCPUs come, go, sleep and change', () => {
    const ideal = new Ideal<string>();
    ideal.resize(1, 0);
    ideal.set('one', 100, 0);
    ideal.set('other', 300, 0);
    ideal.activate('one', true, 0);
    expect(ideal.given('one', 10)).toBe(10);
    ideal.activate('other', true, 10);
    expect([ideal.given('one', 50), ideal.given('other', 50)]).toEqual([20, 30]);
    ideal.set('one', 300, 50);
    expect([ideal.given('one', 70), ideal.given('other', 70)]).toEqual([30, 40]);
    ideal.resize(2, 70);
    expect([ideal.given('one', 80), ideal.given('other', 80)]).toEqual([40, 50]);
    ideal.delete('other', 80);
    expect([ideal.given('one', 90), ideal.given('other', 90)]).toEqual([50, 0]);
    ideal.activate('one', false, 90);
    expect(ideal.given('one', 200)).toBe(50);
  });
});
