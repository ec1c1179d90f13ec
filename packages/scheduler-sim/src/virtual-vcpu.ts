import type { VcpuId } from '@vivarium/contracts';
import type { Random } from './random.ts';
import type { SpinLock, Step, Workload, WorkloadContext } from './workload.ts';

/** What a vCPU has to do at present. */
type Task =
  | { readonly kind: 'run'; left: number; readonly until: number }
  | { readonly kind: 'spin'; readonly lock: SpinLock; readonly patience: number; left: number };

/** What happens when a task is done. */
export type Outcome =
  | { readonly kind: 'goes-on' }
  | { readonly kind: 'sleeps'; readonly until: number }
  | { readonly kind: 'yields'; readonly to: VcpuId | undefined };

const GOES_ON: Outcome = { kind: 'goes-on' };

/** Steps that take no time, after which a workload is called stuck. */
const EMPTY_STEPS = 1000;

/** The guest side of a vCPU in a simulation: where it is in its workload. */
export class VirtualVcpu {
  readonly id: VcpuId;
  /** What it ran, spinning included. */
  service = 0;
  /** Of that: spinning. */
  spun = 0;
  /** Pieces of work with a deadline. */
  completed = 0;
  late = 0;
  awake = false;
  /** The most it was ahead of the ideal (negative) and behind it, since it woke. */
  leastLag = 0;
  mostLag = 0;
  /** What the ideal and the scheduler had given it when it woke. */
  idealAtWake = 0;
  serviceAtWake = 0;
  readonly #workload: Workload;
  readonly #random: Random;
  #task: Task | undefined;

  constructor(id: VcpuId, workload: Workload, random: Random) {
    this.id = id;
    this.#workload = workload;
    this.#random = random;
  }

  /** How long it can run from `now` on before {@link advance} has to be called; at least 1. */
  horizon(now: number): number {
    const task = this.#task;
    if (task === undefined) return 1;
    return Math.max(1, task.kind === 'run' ? Math.min(task.left, task.until - now) : task.left);
  }

  /** It ran `ran` nanoseconds. */
  ran(ran: number): void {
    this.service += ran;
    const task = this.#task;
    if (task === undefined) return;
    task.left -= ran;
    if (task.kind === 'spin') this.spun += ran;
  }

  get waitsFor(): SpinLock | undefined {
    return this.#task?.kind === 'spin' ? this.#task.lock : undefined;
  }

  /**
   * Goes on with the workload as far as it gets at `now` without running. `undefined`: the vCPU has stopped in the
   * middle of something.
   */
  advance(now: number, released: (lock: SpinLock) => void): Outcome | undefined {
    for (let steps = 0; steps < EMPTY_STEPS; steps += 1) {
      const task = this.#task;
      if (task?.kind === 'run' && task.left > 0 && task.until > now) return GOES_ON;
      if (task?.kind === 'spin' && task.lock.holder !== undefined) {
        if (task.left > 0) return GOES_ON;
        task.left = task.patience;
        return { kind: 'yields', to: task.lock.holder };
      }
      if (task?.kind === 'spin') task.lock.holder = this.id;
      this.#task = undefined;
      const outcome = this.#begin(this.#workload(this.#context(now)), now, released);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  #begin(step: Step, now: number, released: (lock: SpinLock) => void): Outcome | undefined {
    switch (step.kind) {
      case 'run':
        this.#task = {
          kind: 'run',
          left: step.service ?? Number.POSITIVE_INFINITY,
          until: step.until ?? Number.POSITIVE_INFINITY,
        };
        return undefined;
      case 'sleep':
        return step.until > now ? { kind: 'sleeps', until: step.until } : undefined;
      case 'yield':
        return { kind: 'yields', to: step.to };
      case 'acquire': {
        const patience = step.patience ?? Number.POSITIVE_INFINITY;
        this.#task = { kind: 'spin', lock: step.lock, patience, left: patience };
        return undefined;
      }
      case 'release':
        step.lock.holder = undefined;
        released(step.lock);
        return undefined;
    }
  }

  #context(now: number): WorkloadContext {
    return {
      now,
      service: this.service,
      random: this.#random,
      done: (late) => {
        this.completed += 1;
        if (late) this.late += 1;
      },
    };
  }
}
