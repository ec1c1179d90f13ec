import type { PcpuId, Scheduler, VcpuId, VcpuParameters, VcpuStats } from '@vivarium/contracts';
import { NO_STATS, sumOf } from './statistics.ts';

/** A set of pCPUs with its scheduler. */
export interface Pool {
  readonly name: string;
  scheduler: Scheduler;
  readonly pcpus: Set<PcpuId>;
}

/**
 * A vCPU, wherever it is. One that runs when its pool, its pCPU or its scheduler changes is in transit: it runs on until
 * the host has it stop and picks for its pCPU. Until then its scheduler takes it for asleep, so that nobody runs it twice.
 */
export class Resident {
  readonly id: VcpuId;
  parameters: VcpuParameters;
  pool: Pool;
  awake = false;
  /** Where the guest runs, as far as the host has not said that it stopped. */
  pcpu: PcpuId | undefined;
  #lastPcpu: PcpuId | undefined;
  /** It has not run under its present scheduler, which does not know where it ran before. */
  #fresh = false;
  /** Up to when the host has accounted what it runs now. */
  #accountedTo = 0;
  /** What former schedulers counted, and what nobody did. */
  #carried = NO_STATS;
  #transitSince: number | undefined;
  /** What it ran in transit; negative when it ran less than was charged when that began. */
  #transitRan = 0;
  /** Of what the host will account next: charged already. */
  #charged = 0;

  constructor(id: VcpuId, parameters: VcpuParameters, pool: Pool) {
    this.id = id;
    this.parameters = parameters;
    this.pool = pool;
  }

  get inTransit(): boolean {
    return this.#transitSince !== undefined;
  }

  started(pcpu: PcpuId, now: number): void {
    if (this.#fresh && this.#lastPcpu !== undefined && this.#lastPcpu !== pcpu) {
      this.#carried = sumOf(this.#carried, { ...NO_STATS, migrations: 1 });
    }
    this.#fresh = false;
    this.#lastPcpu = pcpu;
    this.pcpu = pcpu;
    this.#accountedTo = now;
  }

  account(ranFor: number, now: number): void {
    if (this.#transitSince === undefined) this.pool.scheduler.account(this.id, ranFor, now);
    else if (this.pcpu !== undefined) {
      const ran = Math.min(Math.max(0, Math.floor(ranFor) || 0), now - this.#accountedTo);
      this.#transitRan += ran - this.#charged;
      this.#charged = 0;
    }
    this.#accountedTo = now;
  }

  /** Its scheduler is told that it sleeps, and has it pay for all of the time until now. */
  beginTransit(now: number): void {
    if (this.#transitSince !== undefined || this.pcpu === undefined) return;
    this.#transitSince = now;
    this.#charged = now - this.#accountedTo;
    this.pool.scheduler.account(this.id, this.#charged, now);
    this.pool.scheduler.sleep(this.id, now);
  }

  /** The host has stopped it. It is still asleep for its scheduler. */
  endTransit(now: number): void {
    this.#carried = sumOf(this.#carried, this.#transit(now));
    this.#transitSince = undefined;
    this.#transitRan = 0;
    this.#charged = 0;
  }

  /** It leaves its scheduler; what that counted is kept. */
  carry(now: number): void {
    this.#carried = sumOf(this.#carried, this.pool.scheduler.stats(this.id, now) ?? NO_STATS);
    this.#fresh = true;
  }

  stats(now: number): VcpuStats {
    const counted = sumOf(this.#carried, this.pool.scheduler.stats(this.id, now) ?? NO_STATS);
    return sumOf(counted, this.#transit(now));
  }

  /** What its scheduler took for sleep. */
  #transit(now: number): VcpuStats {
    if (this.#transitSince === undefined) return NO_STATS;
    const time = now - this.#transitSince;
    return { ...NO_STATS, run: this.#transitRan, ready: time - this.#transitRan, blocked: -time };
  }
}
