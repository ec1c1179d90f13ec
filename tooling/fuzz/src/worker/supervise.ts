import { Worker } from 'node:worker_threads';
import { describeError, type Finding } from '../engine/finding.ts';
import type { Program } from '../engine/program.ts';
import type { Job, Report } from './messages.ts';
import { Slate } from './slate.ts';

/** How a target is run. */
export interface Supervision extends Omit<Job, 'slate'> {
  /** Milliseconds in one execution after which it counts as a hang. */
  readonly patience: number;
  readonly kept: (program: Program) => void;
}

/** One row of the table. */
export interface Outcome {
  readonly target: string;
  readonly executions: number;
  readonly seconds: number;
  readonly corpus: number;
  /** Milliseconds of the slowest execution. */
  readonly slowest: number;
  readonly covered: number;
  readonly findings: readonly Finding[];
}

/** A thread that hangs or dies is started again, so often at most. */
const MOST_LIVES = 4;
/** Megabytes of objects that a target may hold. */
const HEAP = 1024;
const LOOK = 250;
/** Milliseconds that loading may take. */
const LOADING = 120_000;

interface Life {
  readonly done: (Report & { kind: 'done' }) | undefined;
  readonly executions: number;
  readonly findings: readonly Finding[];
}

/** One thread, from its start to its end, whoever brings it about. */
const live = (job: Omit<Job, 'slate'>, { patience, kept }: Supervision): Promise<Life> =>
  new Promise((resolve) => {
    const slate = new Slate();
    const findings: Finding[] = [];
    let done: Life['done'];
    let ready = false;
    let seen = -1;
    let since = performance.now();
    const worker = new Worker(new URL('fuzz-thread.ts', import.meta.url), {
      workerData: { ...job, slate: slate.buffer } satisfies Job,
      resourceLimits: { maxOldGenerationSizeMb: HEAP },
      execArgv: ['--conditions=@vivarium/source', '--no-warnings'],
    });
    const finding = (kind: Finding['kind'], message: string): void =>
      void findings.push({ target: job.target, kind, message, program: slate.program });
    const watch = setInterval(() => {
      const { executions } = slate;
      const now = performance.now();
      if (executions !== seen) [seen, since] = [executions, now];
      else if (now - since > (ready ? patience : LOADING)) {
        finding('hang', `no end after ${patience / 1000} s`);
        clearInterval(watch);
        void worker.terminate();
      }
    }, LOOK);
    worker.on('message', (report: Report) => {
      if (report.kind === 'ready') [ready, since] = [true, performance.now()];
      else if (report.kind === 'kept') kept(report.program);
      else if (report.kind === 'found') findings.push(report.finding);
      else done = report;
    });
    worker.on('error', (error: unknown) => {
      const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      finding(isMemory ? 'memory' : 'throw', describeError(error));
    });
    worker.on('exit', () => {
      clearInterval(watch);
      resolve({ done, executions: slate.executions, findings });
    });
  });

/** Fuzzes one target in threads of its own; a thread that hangs is ended, and another goes on. */
export const supervise = async (supervision: Supervision): Promise<Outcome> => {
  const { kept: _kept, patience: _patience, ...job } = supervision;
  const start = performance.now();
  const findings: Finding[] = [];
  let executions = 0;
  let last: Life['done'];
  for (let lives = 0; lives < MOST_LIVES; lives++) {
    const left = job.milliseconds - (performance.now() - start);
    if (lives > 0 && left < 1000) break;
    const life = await live({ ...job, seed: job.seed + lives, milliseconds: left }, supervision);
    executions += life.done?.executions ?? life.executions;
    findings.push(...life.findings);
    last = life.done ?? last;
    if (life.done !== undefined) break;
  }
  return {
    target: job.target,
    executions,
    seconds: last?.seconds ?? (performance.now() - start) / 1000,
    corpus: last?.corpus ?? 0,
    slowest: last?.slowest ?? 0,
    covered: last?.covered ?? 0,
    findings,
  };
};
