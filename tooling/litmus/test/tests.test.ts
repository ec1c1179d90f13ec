import { describe, expect, it } from 'vitest';
import { litmusProgram } from '../src/program.ts';
import { TESTS } from '../src/tests.ts';

describe('litmus tests', () => {
  it.each(TESTS)('$name can be assembled, and has names and harts that fit', (test) => {
    expect(litmusProgram(test, 1).length).toBeLessThan(4096);
    expect(test.harts.length).toBeLessThanOrEqual(4);
    expect(TESTS.filter(({ name }) => name === test.name)).toHaveLength(1);
  });

  it.each(TESTS)('$name allows what comes of running one hart after the other', (test) => {
    // Nobody is seen: only tests of atomicity say more, and their results are of x.
    const registers = test.harts.map(() => [0, 0] as const);
    const atomic = /^(SB|LRSC|AMO|CoWR|R)/.test(test.name);
    expect(test.forbidden({ registers, x: 1 }) && !atomic).toBe(false);
  });
});
