import { describe, expect, it } from 'vitest';
import { geometricMean, median } from '../src/statistics.ts';

describe('the median', () => {
  it('is the middle value, or the mean of the two middle ones', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 100])).toBe(7);
    expect(median([3])).toBe(3);
  });
});

describe('the geometric mean', () => {
  it('of ratios and of their reciprocals are reciprocal', () => {
    const ratios = [0.5, 2, 7.25, 3];
    expect(geometricMean(ratios) * geometricMean(ratios.map((ratio) => 1 / ratio))).toBeCloseTo(1, 12);
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
  });
});
