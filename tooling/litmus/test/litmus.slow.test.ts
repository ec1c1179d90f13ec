import { describe, expect, it } from 'vitest';
import { runLitmus } from '../src/litmus.ts';
import { TESTS } from '../src/tests.ts';

const ROUNDS = 20_000;
const SHORT = [
  'MP+fences',
  'SB+fences',
  'LRSC.w',
  'LRSC+store',
  'AMOADD.d',
  'AMOMAX+AMOADD',
  'IRIW+fences',
  'CODE+fence.i',
];

describe('harts on threads of their own', () => {
  it.each(TESTS.filter(({ name }) => SHORT.includes(name)))('show no forbidden outcome of $name', async (test) => {
    const outcomes = await runLitmus(test, ROUNDS);
    expect(outcomes.filter(({ forbidden }) => forbidden)).toEqual([]);
    expect(outcomes.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(ROUNDS);
  });
});
