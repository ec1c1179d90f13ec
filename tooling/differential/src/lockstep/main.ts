/**
 * Runs generated programs translated and interpreted, and compares registers and memory after each slice.
 *
 * Usage: pnpm lockstep [--regions N] [--seed S] [--minutes M] [--json]
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { lockstep, type LockstepResult } from './lockstep.ts';

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`lockstep: --${name} takes a whole number above 0, not '${text}'\n`);
  process.exit(2);
};

const summary = ({ programs, regions, instructions, mismatch }: LockstepResult): string =>
  `${regions} regions of ${programs} programs, ${instructions} instructions, ${mismatch === undefined ? 0 : 1} mismatches`;

const { values } = parseArgs({
  options: {
    regions: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
// The baseline compiler only: a region runs a few hundred instructions here.
setFlagsFromString('--no-wasm-tier-up');
const result = await lockstep(
  {
    regions: whole('regions', values.regions),
    seed: whole('seed', values.seed),
    milliseconds: whole('minutes', values.minutes) * 60_000,
  },
  (sofar) => process.stderr.write(`\rlockstep: ${summary(sofar)} `),
);
const { mismatch } = result;
process.stderr.write('\n');
if (mismatch !== undefined) {
  process.stdout.write(`${mismatch.program.source}\n`);
  process.stdout.write(`differs after slice ${mismatch.slice}, interpreted / translated:\n`);
  process.stdout.write(`${mismatch.differences.join('\n')}\nrepeat with --seed ${mismatch.seed} --regions 1\n`);
}
process.stdout.write(
  `${values.json ? JSON.stringify({ ...result, mismatch: mismatch?.seed ?? null }) : summary(result)}\n`,
);
process.exitCode = mismatch === undefined ? 0 : 1;
