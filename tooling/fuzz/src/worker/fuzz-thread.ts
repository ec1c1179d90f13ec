import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from '../engine/coverage.ts';
import { describeError, fingerprint } from '../engine/finding.ts';
import { Fuzzer } from '../engine/fuzzer.ts';
import { minimize } from '../engine/minimize.ts';
import type { Program } from '../engine/program.ts';
import { loadTarget } from '../targets/targets.ts';
import type { Job, Report } from './messages.ts';
import { Slate } from './slate.ts';

/** Kinds of findings that one thread tells of. */
const MOST_FINDINGS = 10;

const tell = (report: Report): void => parentPort?.postMessage(report, []);

/** Rejections that nobody waits for are told in turns of the event loop, which come after so many executions. */
const EXECUTIONS_IN_A_TURN = 32;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const run = async (job: Job): Promise<void> => {
  const target = await loadTarget(job.target);
  if (target === undefined) throw new RangeError(`there is no target ${job.target}`);
  const slate = new Slate(job.slate);
  const failures: { readonly program: Program; readonly error: unknown }[] = [];
  const rejections: unknown[] = [];
  process.on('unhandledRejection', (error) => rejections.push(error));
  process.on('uncaughtException', (error) => rejections.push(error));
  /** What the target makes of a program: undefined when all holds. */
  const failureOf = async (program: Program): Promise<unknown> => {
    slate.begin(program);
    try {
      await target.run(program, () => {});
    } catch (error) {
      return error ?? 'nothing was thrown';
    }
    await turn();
    return rejections.splice(0)[0];
  };
  using coverage = job.coverage ? new Coverage(target.covers) : undefined;
  let recent: Program[] = [];
  const fuzzer = new Fuzzer({
    target,
    seed: job.seed,
    corpus: job.corpus,
    ...(coverage === undefined ? {} : { coverage }),
    starts: (program) => {
      slate.begin(program);
      recent.push(program);
    },
    kept: (program) => tell({ kind: 'kept', program }),
    found: (program, error) => failures.push({ program, error }),
  });
  /** Which of the latest programs left a rejection behind. */
  const blame = async (): Promise<void> => {
    await turn();
    const [first] = rejections.splice(0);
    const programs = recent;
    recent = [];
    if (first === undefined) return;
    for (const program of programs) {
      const error = await failureOf(program);
      if (error !== undefined) failures.push({ program, error });
    }
    if (failures.length === 0) failures.push({ program: programs.at(-1) ?? [], error: first });
  };
  tell({ kind: 'ready' });
  const told = new Set<string>();
  const report = async (): Promise<void> => {
    for (const { program, error } of failures.splice(0)) {
      const print = fingerprint(error);
      if (told.has(print)) continue;
      told.add(print);
      const smallest = await minimize(program, async (candidate) => {
        const failure = await failureOf(candidate);
        return failure !== undefined && fingerprint(failure) === print;
      });
      const message = describeError((await failureOf(smallest)) ?? error);
      tell({ kind: 'found', finding: { target: job.target, kind: 'throw', message, program: smallest } });
    }
  };
  const begin = performance.now();
  const end = begin + job.milliseconds;
  const goesOn = (): boolean =>
    performance.now() < end && fuzzer.executions < job.executions && told.size < MOST_FINDINGS;
  while (goesOn()) {
    for (let count = 0; count < EXECUTIONS_IN_A_TURN && goesOn(); count++) await fuzzer.step();
    await blame();
    await report();
  }
  const covered = [...(coverage?.executed.values() ?? [])].reduce((sum, count) => sum + count, 0);
  const { executions, corpusSize, slowest } = fuzzer;
  const seconds = (performance.now() - begin) / 1000;
  tell({ kind: 'done', executions, seconds, corpus: corpusSize, slowest, covered });
};

await run(workerData as Job);
