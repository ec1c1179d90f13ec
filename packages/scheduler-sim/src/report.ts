import type { VcpuId, VcpuStats } from '@vivarium/contracts';
import type { VirtualVcpu } from './virtual-vcpu.ts';

/** What became of one vCPU. Times are nanoseconds. */
export interface VcpuReport {
  readonly vcpu: VcpuId;
  readonly service: number;
  /** Of one pCPU, over the whole simulation. */
  readonly share: number;
  /** Of `service`: spent spinning. */
  readonly spun: number;
  /** Behind the ideal (positive) and ahead of it (negative), at worst, counted from each wake-up on. */
  readonly mostLag: number;
  readonly leastLag: number;
  /** Pieces of work with a deadline, and how many of them were late. */
  readonly completed: number;
  readonly late: number;
  /** What the scheduler says about it. */
  readonly stats: VcpuStats | undefined;
}

/** What became of a simulation. */
export interface SimulationReport {
  readonly now: number;
  readonly decisions: number;
  /** Decisions that put another vCPU on a pCPU. */
  readonly switches: number;
  readonly vcpus: readonly VcpuReport[];
}

export const vcpuReport = (vcpu: VirtualVcpu, now: number, stats: VcpuStats | undefined): VcpuReport => ({
  vcpu: vcpu.id,
  service: vcpu.service,
  share: now === 0 ? 0 : vcpu.service / now,
  spun: vcpu.spun,
  mostLag: vcpu.mostLag,
  leastLag: vcpu.leastLag,
  completed: vcpu.completed,
  late: vcpu.late,
  stats,
});
