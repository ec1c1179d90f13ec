/** One step of the whole test: a pnpm command, and where vitest writes its result when the step runs tests. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly result?: string;
}

const RESULTS = 'test-results';

const vitest = (project: string, ...options: readonly string[]): Step => ({
  name: `${project} tests`,
  command: [
    'exec',
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${RESULTS}/${project}.json`,
    ...options,
  ],
  result: `${RESULTS}/${project}.json`,
});

/** Everything CI runs, in order. */
export const STEPS: readonly Step[] = [
  { name: 'build', command: ['build', '--continue', '--output-logs=errors-only'] },
  { name: 'type check', command: ['typecheck'] },
  { name: 'lint', command: ['lint'] },
  vitest('unit', '--coverage'),
  vitest('slow'),
  { name: 'package checks', command: ['check:packages'] },
];
