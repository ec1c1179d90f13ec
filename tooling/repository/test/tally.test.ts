import { describe, expect, it } from 'vitest';
import { summary, tally } from '../src/test-run/tally.ts';

const tests = (passed: number, failed: number, status = failed === 0 ? 0 : 1) => ({
  name: 'unit tests',
  status,
  tests: { result: { numPassedTests: passed, numFailedTests: failed, numPendingTests: 0 } },
});

describe('the tally', () => {
  it('counts tests, and each other step as one', () => {
    expect(tally([{ name: 'lint', status: 0 }, tests(10, 0)])).toEqual({ passed: 11, failed: 0 });
    expect(tally([{ name: 'lint', status: 1 }, tests(8, 2)])).toEqual({ passed: 8, failed: 3 });
  });

  it('counts a failure when the tests passed but their command did not', () => {
    expect(tally([tests(10, 0, 1)])).toEqual({ passed: 10, failed: 1 });
  });

  it('counts a failure when the tests left no result', () => {
    expect(tally([{ name: 'slow tests', status: 0, tests: { result: undefined } }])).toEqual({ passed: 0, failed: 1 });
  });

  it('names the steps that failed', () => {
    expect(summary([{ name: 'lint', status: 1 }, tests(10, 0)])).toBe(
      'FAIL lint\nok   unit tests (10 passed, 0 failed, 0 skipped)',
    );
  });
});
