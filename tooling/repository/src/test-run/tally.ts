/** The part of vitest's JSON result that is counted. */
export interface VitestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

/** How one step ended. */
export interface StepOutcome {
  readonly name: string;
  /** Exit code of its command. */
  readonly status: number;
  /** Present when the step was to run tests: what vitest wrote, or undefined when it wrote nothing. */
  readonly tests?: { readonly result: VitestResult | undefined };
}

/** What the last line says. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts tests, and each step that runs none as one. A test step that fails although none of its tests did, for example
 * by too little coverage, or that leaves no result, counts as one failure.
 */
export const tally = (outcomes: readonly StepOutcome[]): Tally => {
  let passed = 0;
  let failed = 0;
  for (const { status, tests } of outcomes) {
    const result = tests?.result;
    passed += tests === undefined && status === 0 ? 1 : (result?.numPassedTests ?? 0);
    const failedTests = result?.numFailedTests ?? 0;
    const failedStep = status !== 0 || (tests !== undefined && result === undefined) ? 1 : 0;
    failed += Math.max(failedTests, failedStep);
  }
  return { passed, failed };
};

/** One line for each step, for the end of the output. */
export const summary = (outcomes: readonly StepOutcome[]): string =>
  outcomes
    .map(({ name, status, tests }) => {
      const counts =
        tests?.result === undefined
          ? ''
          : ` (${tests.result.numPassedTests} passed, ${tests.result.numFailedTests} failed, ${tests.result.numPendingTests} skipped)`;
      return `${status === 0 ? 'ok  ' : 'FAIL'} ${name}${counts}`;
    })
    .join('\n');
