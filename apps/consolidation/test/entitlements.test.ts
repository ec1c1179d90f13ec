import { describe, expect, it } from 'vitest';
import { entitlements } from '../src/consolidation.ts';

describe('what guests are entitled to', () => {
  it.each([
    [[1, 1, 2], 1, [0.25, 0.25, 0.5]],
    [[512, 256, 128], 2, [0.5, 1 / 3, 1 / 6]],
    [[3, 1], 2, [0.5, 0.5]],
    [[10], 2, [1]],
    [[6, 3, 1], 2, [0.5, 0.375, 0.125]],
    [[], 2, []],
  ])('with weights %j on %i pCPUs', (weights, pcpus, expected) => {
    const shares = entitlements(weights, pcpus);
    expect(shares).toHaveLength(expected.length);
    for (const [index, share] of shares.entries()) expect(share).toBeCloseTo(expected[index] ?? Number.NaN, 10);
  });
});
