import type { PcpuId, VcpuStats } from '@vivarium/contracts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Where a vCPU is: waiting for an interrupt, for a pCPU, or on one. */
export type VcpuState = 'asleep' | 'ready' | 'running';

/** Measures one vCPU by the time stamps of its changes of state. */
export class VcpuMeter {
  readonly #latencies = new LatencyHistogram();
  #state: VcpuState = 'asleep';
  /** Up to when the times below are right. */
  #since: number;
  #run = 0;
  #ready = 0;
  #blocked = 0;
  #parked = 0;
  #parkedSince: number | undefined;
  #wokenAt: number | undefined;
  #pcpu: PcpuId | undefined;
  #migrations = 0;

  constructor(now: number) {
    this.#since = now;
  }

  wake(now: number): void {
    this.#enter('ready', now);
    this.#wokenAt = now;
  }

  sleep(now: number): void {
    this.#enter('asleep', now);
    this.#wokenAt = undefined;
  }

  start(pcpu: PcpuId, now: number): void {
    this.#enter('running', now);
    if (this.#wokenAt !== undefined) this.#latencies.record(now - this.#wokenAt);
    this.#wokenAt = undefined;
    if (this.#pcpu !== undefined && this.#pcpu !== pcpu) this.#migrations += 1;
    this.#pcpu = pcpu;
  }

  /** It gave its pCPU back and would run on. */
  stop(now: number): void {
    this.#enter('ready', now);
  }

  /** It ran `ranFor` of the time since its start or last charge; the rest it waited. */
  charge(ranFor: number, now: number): void {
    this.#run += ranFor;
    this.#ready += now - this.#since - ranFor;
    this.#since = now;
  }

  /** It waits and would not be let run. Nothing when it is parked. */
  park(now: number): void {
    if (this.#state === 'ready') this.#parkedSince ??= now;
  }

  unpark(now: number): void {
    if (this.#parkedSince === undefined) return;
    this.#parked += now - this.#parkedSince;
    this.#parkedSince = undefined;
  }

  stats(now: number): VcpuStats {
    const going = now - this.#since;
    return {
      run: this.#run,
      ready: this.#ready + (this.#state === 'ready' ? going : 0),
      parked: this.#parked + (this.#parkedSince === undefined ? 0 : now - this.#parkedSince),
      blocked: this.#blocked + (this.#state === 'asleep' ? going : 0),
      wakeLatency: this.#latencies.summary(),
      migrations: this.#migrations,
    };
  }

  #enter(state: VcpuState, now: number): void {
    this.unpark(now);
    // Time on a pCPU that nobody charged is time in which it could not run.
    if (this.#state === 'asleep') this.#blocked += now - this.#since;
    else this.#ready += now - this.#since;
    this.#since = now;
    this.#state = state;
  }
}
