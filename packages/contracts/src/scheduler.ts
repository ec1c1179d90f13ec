import { defineManyToken, type Token } from './token.ts';

/** Number of a vCPU, unique on the host: a non-negative safe integer that the host gives out. */
export type VcpuId = number;

/** Number of a pCPU, a right to run: a non-negative safe integer that the host gives out. */
export type PcpuId = number;

/** What a scheduler can be told about a vCPU. Times are nanoseconds as safe integers. */
export interface VcpuParameters {
  /** The guest the vCPU belongs to. Siblings share a cap, a gang and an ARINC 653 partition. */
  readonly domain: string;
  /** Share of the pool under contention, relative to other weights; 1 to 10,000, default 256. */
  readonly weight?: number;
  /**
   * Upper bound on what all vCPUs of the domain use together, in thousandths of one pCPU: 500 is half a pCPU, 2000 is
   * two. The last value given for a vCPU of the domain counts. Absent or 0: none.
   */
  readonly cap?: number;
  readonly reservation?: CpuReservation;
  /** How long it runs before others have their turn: short for latency, long for throughput. 0.1 ms to 100 ms. */
  readonly slice?: number;
  /** The pCPUs it may run on; absent or empty: all of its pool. */
  readonly affinity?: readonly PcpuId[];
  /** Start together with siblings that are ready. A hint: no bound of the scheduler is broken for it. */
  readonly gang?: boolean;
}

/** `budget` nanoseconds of CPU in every `period`. */
export interface CpuReservation {
  readonly budget: number;
  readonly period: number;
  /** May use what is left over when the budget is spent, behind everybody who has some left. Default false. */
  readonly extra?: boolean;
}

/** A live change; a parameter that is not named stays as it is. The domain of a vCPU never changes. */
export type VcpuChange = Omit<Partial<VcpuParameters>, 'domain'>;

/** A parameter that a scheduler may or may not act upon. */
export type SchedulingParameter = Exclude<keyof VcpuParameters, 'domain'>;

/** What a pCPU is to do. */
export type Decision = (
  | {
      readonly kind: 'run';
      readonly vcpu: VcpuId;
      /** Nanoseconds, at least 1, after which to stop the vCPU, account and pick again. */
      readonly slice: number;
    }
  | {
      readonly kind: 'idle';
      /** When to pick again even if nothing wakes; undefined: not before a hint. */
      readonly until: number | undefined;
    }
) & {
  /**
   * Another pCPU that should reschedule now: for the vCPU that had to go from here, or so that a sibling starts together
   * with the one that runs.
   */
  readonly kick?: PcpuId;
};

/** Times of one vCPU in nanoseconds since it was added. */
export interface VcpuStats {
  /** As accounted. */
  readonly run: number;
  /** Runnable and not running: what the guest sees as steal time. */
  readonly ready: number;
  /** Of `ready`: held back by a cap, a spent budget or a closed window. */
  readonly parked: number;
  readonly blocked: number;
  /** From wake to the first run after it. */
  readonly wakeLatency: WakeLatency;
  /** Starts on another pCPU than the one it ran on before. */
  readonly migrations: number;
}

/** Distribution of wake latencies in nanoseconds. Quantiles are upper bounds, at most an eighth too high. */
export interface WakeLatency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** What the quantiles are taken from: how many waited for at most `upTo` and longer than the bucket before. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

/**
 * Who runs where for how long, among the vCPUs and on the pCPUs of one CPU pool. A scheduler is pure: it reads no
 * clock, sets no timer and draws no random number, so the same calls give the same answers, in a simulation and on a
 * host. It has no `state`: what is worth keeping is in the parameters, which the host has.
 *
 * How a host drives it:
 *
 * - For each pCPU, `pick` and do as told. When the vCPU stops, for whatever reason, `account` what it ran; then `sleep`
 *   if it waits for an interrupt, or `yield` if it gave way; then `pick` again. An idle pCPU picks at `until`.
 * - A vCPU that gets an interrupt while asleep is woken with `wake`. If that names a pCPU, stop what runs there as
 *   soon as possible (at the core's next budget check) and pick again; if it is idle, pick at once. Late is allowed:
 *   consumption is measured, and what was taken too much is owed.
 * - A decision may name another pCPU to `kick`, which is treated like the one that `wake` names.
 * - Between `pick` and the next `pick` of the same pCPU the vCPU holds the pCPU, and nobody else is given it. `account`
 *   may be called in between, as often as the host likes.
 * - Consumption is `ranFor`, measured with time stamps, never with ticks: a vCPU that stops just before a tick
 *   is charged like any other. A measurement of more than the time that passed is taken for that time.
 * - A pCPU of which the host takes away the vCPU out of turn (`remove`, `removePcpu`, `sleep`) is free afterwards.
 *
 * `now` is the host's monotonic clock and never goes back; a smaller value counts as the last one. A vCPU is asleep
 * when it is added. Calls about a vCPU or pCPU that the scheduler does not have are ignored, as are a second wake or
 * sleep: they come from races between guest and host, and nothing on these paths throws. `add`, `change`, `addPcpu` and
 * `configure` are configuration and throw coded errors.
 */
export interface Scheduler {
  /** Of the algorithm, for example `eevdf`. */
  readonly name: string;
  /** What it acts upon; other parameters are checked, kept and have no effect. */
  readonly honours: readonly SchedulingParameter[];

  /** Gives the pool a pCPU. The host picks for it. */
  addPcpu(pcpu: PcpuId, now: number): void;
  /** Takes a pCPU away. A vCPU that holds it becomes ready again; the host has stopped and accounted it before. */
  removePcpu(pcpu: PcpuId, now: number): PreemptionHint;

  /** Adds a vCPU, asleep. Throws for a number that is taken and for parameters out of range. */
  add(vcpu: VcpuId, parameters: VcpuParameters, now: number): void;
  /** Forgets a vCPU, also one that runs. */
  remove(vcpu: VcpuId, now: number): PreemptionHint;
  /** Changes parameters while the guest runs; returns the pCPUs that should reschedule. */
  change(vcpu: VcpuId, change: VcpuChange, now: number): readonly PcpuId[];

  wake(vcpu: VcpuId, now: number): PreemptionHint;
  sleep(vcpu: VcpuId, now: number): void;
  /**
   * The vCPU gives way once, to `to` if that is ready and may run here: a spinning vCPU names the sibling that it
   * waits for, if it knows. The yielding vCPU stays ready and keeps what it has not used.
   */
  yield(vcpu: VcpuId, now: number, to?: VcpuId): void;

  /** What the pCPU does now. It gives back the vCPU that it holds first. */
  pick(pcpu: PcpuId, now: number): Decision;
  /** Charges `ranFor` nanoseconds, which end at `now`. */
  account(vcpu: VcpuId, ranFor: number, now: number): void;

  /** Undefined for a vCPU that it does not have. */
  stats(vcpu: VcpuId, now: number): VcpuStats | undefined;

  /**
   * New options for the whole scheduler, in force at once; what the plugin's schema takes. Returns the pCPUs that
   * should reschedule. Absent: the options are fixed when the scheduler is made.
   */
  configure?(options: unknown, now: number): readonly PcpuId[];
}

/** A pCPU that should stop what it does and pick again, or undefined. */
export type PreemptionHint = PcpuId | undefined;

/** Makes schedulers of one kind. A scheduler belongs to one CPU pool; a host has as many as it has pools. */
export interface SchedulerFactory {
  readonly name: string;
  create(): Scheduler;
}

export const SchedulerToken: Token<SchedulerFactory> = defineManyToken('vivarium/scheduler', 1);
