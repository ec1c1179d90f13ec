/** Everything CI runs, step by step, to the end even when a step fails. The last line is `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { STEPS, type Step } from './test-run/step.ts';
import { type StepOutcome, summary, tally, type VitestResult } from './test-run/tally.ts';

const run = ({ name, command, result }: Step): StepOutcome => {
  console.log(`\n── ${name}`);
  if (result !== undefined) rmSync(result, { force: true });
  const { status, error } = spawnSync('pnpm', ['--silent', ...command], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) throw error;
  const outcome = { name, status: status ?? 1 };
  if (result === undefined) return outcome;
  const written = existsSync(result) ? (JSON.parse(readFileSync(result, 'utf8')) as VitestResult) : undefined;
  return { ...outcome, tests: { result: written } };
};

const outcomes = STEPS.map(run);
const { passed, failed } = tally(outcomes);
console.log(`\n${summary(outcomes)}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
