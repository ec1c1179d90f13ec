import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `Fuzzes what guests, images and packets reach.

usage: fuzz [options]
  --minutes N        for how long, all targets together (default 10)
  --target A,B       only these targets
  --seed N           which run (default 1)
  --executions N     at most so many for each target, for runs that must repeat
  --jobs N           targets at the same time (default: one for each processor)
  --hang SECONDS     after which an execution counts as a hang (default 20)
  --no-coverage      new behaviours alone make an input worth keeping, which is faster and finds less
  --corpus FOLDER    where inputs are kept that showed something new (default tooling/fuzz/corpus)
  --findings FOLDER  where findings are written to (default tooling/fuzz/findings)
  --replay FILE      runs the input of a finding and tells what it does
  --distill          writes the fewest inputs of the corpus that show everything to tooling/fuzz/seeds
  --list             the names of the targets
  --json             the table for a program to read
  --help`;

/** What the command line asks for. */
export interface Options {
  readonly minutes: number;
  readonly targets: readonly string[] | undefined;
  readonly seed: number;
  readonly executions: number;
  readonly jobs: number;
  readonly patience: number;
  readonly coverage: boolean;
  readonly corpus: string | undefined;
  readonly findings: string | undefined;
  readonly replay: string | undefined;
  readonly distill: boolean;
  readonly list: boolean;
  readonly json: boolean;
}

const number = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${name} takes a number of at least ${least}, not '${text}'`);
};

/** Undefined when help is asked for. */
export const parseOptions = (args: readonly string[]): Options | undefined => {
  const { values } = parseArgs({
    // What pnpm hands on begins with the separator it was given.
    args: args.filter((arg) => arg !== '--'),
    allowNegative: true,
    options: {
      minutes: { type: 'string', default: '10' },
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      executions: { type: 'string' },
      jobs: { type: 'string' },
      hang: { type: 'string', default: '20' },
      coverage: { type: 'boolean', default: true },
      corpus: { type: 'string' },
      findings: { type: 'string' },
      replay: { type: 'string' },
      distill: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: number('minutes', values.minutes, 0),
    targets: values.target?.split(','),
    seed: number('seed', values.seed, 0),
    executions: values.executions === undefined ? Number.POSITIVE_INFINITY : number('executions', values.executions, 1),
    jobs: values.jobs === undefined ? availableParallelism() : number('jobs', values.jobs, 1),
    patience: number('hang', values.hang, 1) * 1000,
    coverage: values.coverage,
    corpus: values.corpus,
    findings: values.findings,
    replay: values.replay,
    distill: values.distill,
    list: values.list,
    json: values.json,
  };
};
