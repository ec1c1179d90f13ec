import type { PcpuId, VcpuId } from '@vivarium/contracts';

/** A vCPU ran on a pCPU without a break. */
export interface Run {
  readonly vcpu: VcpuId;
  readonly pcpu: PcpuId;
  readonly start: number;
  readonly end: number;
}

/** Who ran where and when, in order of the ends of runs. */
export class Trace {
  readonly #runs: { vcpu: VcpuId; pcpu: PcpuId; start: number; end: number }[] = [];
  readonly #lastOn = new Map<PcpuId, { vcpu: VcpuId; pcpu: PcpuId; start: number; end: number }>();

  /** Runs that follow each other without a gap are one. */
  record(vcpu: VcpuId, pcpu: PcpuId, start: number, end: number): void {
    if (end <= start) return;
    const last = this.#lastOn.get(pcpu);
    if (last !== undefined && last.vcpu === vcpu && last.end === start) {
      last.end = end;
      return;
    }
    const run = { vcpu, pcpu, start, end };
    this.#runs.push(run);
    this.#lastOn.set(pcpu, run);
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Runs of some vCPUs, in order of their starts. */
  of(vcpus: ReadonlySet<VcpuId>): readonly Run[] {
    return this.#runs.filter(({ vcpu }) => vcpus.has(vcpu)).sort((one, other) => one.start - other.start);
  }

  /** What `vcpus` used in each stretch of `period` nanoseconds: [first, first + period) and so on. */
  usedByPeriod(vcpus: ReadonlySet<VcpuId>, period: number, first: number, periods: number): readonly number[] {
    const used = new Array<number>(periods).fill(0);
    for (const { start, end } of this.of(vcpus)) {
      for (let index = Math.max(0, Math.floor((start - first) / period)); index < periods; index += 1) {
        const from = first + index * period;
        if (from >= end) break;
        used[index] = (used[index] ?? 0) + Math.max(0, Math.min(end, from + period) - Math.max(start, from));
      }
    }
    return used;
  }

  /** The most that `vcpus` used together in any `length` nanoseconds, wherever they begin. */
  mostUsedIn(vcpus: ReadonlySet<VcpuId>, length: number): number {
    // The use in a window that slides changes its slope only where a run starts or ends at one of its ends.
    const runs = this.of(vcpus);
    const starts = runs.flatMap(({ start, end }) => [start, end - length]).sort((one, other) => one - other);
    let most = 0;
    let first = 0;
    for (const from of starts) {
      while ((runs[first]?.end ?? Number.POSITIVE_INFINITY) <= from) first += 1;
      let used = 0;
      for (let index = first; index < runs.length; index += 1) {
        const run = runs[index];
        if (run === undefined || run.start >= from + length) break;
        used += Math.max(0, Math.min(run.end, from + length) - Math.max(run.start, from));
      }
      most = Math.max(most, used);
    }
    return most;
  }
}
