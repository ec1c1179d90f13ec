import type { VcpuId } from '@vivarium/contracts';
import { type CheckedParameters, type Choice, type Domain, type Pcpu, SchedulerFrame } from '@vivarium/vcpu-accounting';
import { RtdsVcpu } from './rtds-vcpu.ts';

/** How long another runs when one gives way that would otherwise go first. */
const GAVE_WAY = 500_000;

/**
 * Real time: every vCPU has a budget in every period, a deferrable server, and the m that run are those with budget
 * whose periods end first. A budget waits for a sleeper until its period ends and is lost then.
 */
export class Rtds extends SchedulerFrame<RtdsVcpu> {
  readonly name = 'rtds';
  readonly honours = ['reservation', 'affinity'] as const;

  protected make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): RtdsVcpu {
    const vcpu = new RtdsVcpu(id, domain, parameters, now);
    vcpu.deadline = now;
    return vcpu;
  }

  protected joined(vcpu: RtdsVcpu, now: number): void {
    vcpu.renewAt(now);
  }

  protected left(): void {}

  protected charged(vcpu: RtdsVcpu, ranFor: number, now: number): void {
    vcpu.use(ranFor, now);
  }

  /** Another reservation begins with a period of its own, now. */
  protected override retuned(vcpu: RtdsVcpu, before: CheckedParameters, now: number): undefined {
    if (before.reservation === vcpu.parameters.reservation) return;
    vcpu.deadline = now;
    if (vcpu.slot === undefined) return;
    vcpu.renewAt(now);
    vcpu.meter.unpark(now);
  }

  protected choose(pcpu: Pcpu<RtdsVcpu>, now: number): Choice<RtdsVcpu> {
    let best: RtdsVcpu | undefined;
    let yielding: RtdsVcpu | undefined;
    let nextPeriod = Number.POSITIVE_INFINITY;
    for (const vcpu of this.competing) {
      if (now >= vcpu.deadline) {
        // What it ran on another pCPU until now is of the period that ends.
        this.settle(vcpu, now);
        vcpu.renewAt(now);
        vcpu.meter.unpark(now);
      }
      nextPeriod = Math.min(nextPeriod, vcpu.deadline);
      if (vcpu.pcpu !== undefined) continue;
      if (!vcpu.mayRun) vcpu.meter.park(now);
      else if (vcpu === pcpu.before && vcpu.gaveWay && vcpu.mayRunOn(pcpu.id)) yielding = vcpu;
      else if (vcpu.mayRunOn(pcpu.id) && (best === undefined || vcpu.isBefore(best))) best = vcpu;
    }
    const { favourite } = pcpu;
    // A sibling that is waited for goes first on the pCPU of who waits, if nobody else has a better claim to that.
    if (favourite !== undefined && yielding !== undefined && canRun(favourite, pcpu)) {
      if (best === undefined || !best.isBefore(yielding)) best = favourite;
    }
    const vcpu = best ?? yielding;
    // When a period begins, others may have to run.
    if (vcpu === undefined) return { kind: 'idle', until: nextPeriod };
    const toPeriod = nextPeriod - now;
    const way = yielding !== undefined && vcpu !== yielding && yielding.isBefore(vcpu) ? GAVE_WAY : toPeriod;
    return { kind: 'run', vcpu, slice: Math.min(vcpu.left, toPeriod, way) };
  }

  protected victim(vcpu: RtdsVcpu, now: number): Pcpu<RtdsVcpu> | undefined {
    let found: Pcpu<RtdsVcpu> | undefined;
    let latest = vcpu;
    let onTime = false;
    for (const pcpu of this.pcpus) {
      const current = pcpu.current;
      if (current === undefined || !vcpu.mayRunOn(pcpu.id)) continue;
      // That one picks when a period of this begins, in which it may go first.
      if (pcpu.hinted || current.sliceEnd <= vcpu.deadline) onTime = true;
      if (pcpu.hinted) continue;
      if (current.deadline <= now) return pcpu;
      if (!vcpu.mayRun || !latest.isBefore(current)) continue;
      latest = current;
      found = pcpu;
    }
    if (found !== undefined || onTime) return found;
    return this.pcpus.find(({ id, current, hinted }) => current !== undefined && !hinted && vcpu.mayRunOn(id));
  }
}

const canRun = (vcpu: RtdsVcpu, pcpu: Pcpu<RtdsVcpu>): boolean =>
  vcpu.slot !== undefined && vcpu.pcpu === undefined && vcpu.mayRun && vcpu.mayRunOn(pcpu.id);
