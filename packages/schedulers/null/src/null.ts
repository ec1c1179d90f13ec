import type { VcpuId } from '@vivarium/contracts';
import {
  type CheckedParameters,
  type Choice,
  type Domain,
  type Pcpu,
  SchedulerFrame,
  Vcpu,
} from '@vivarium/vcpu-accounting';

/** Long enough that decisions cost nothing, short enough that what runs is accounted now and then. */
const SLICE = 100_000_000;

/** A vCPU with the pCPU that is its own. */
class NullVcpu extends Vcpu {
  home: Pcpu<NullVcpu> | undefined;
}

/**
 * No scheduling: every vCPU has a pCPU to itself, from its first wake-up until it is taken away, and whether it sleeps or
 * not. vCPUs for which there is none wait until one comes free, in the order in which they were added.
 */
export class Null extends SchedulerFrame<NullVcpu> {
  readonly name = 'null';
  readonly honours = ['affinity'] as const;
  readonly #owners = new Map<Pcpu<NullVcpu>, NullVcpu>();

  protected make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): NullVcpu {
    return new NullVcpu(id, domain, parameters, now);
  }

  protected joined(vcpu: NullVcpu, now: number): void {
    this.#settle(vcpu);
    if (vcpu.home === undefined) vcpu.meter.park(now);
  }

  protected left(): void {}

  protected charged(): void {}

  /** It moves when it may no longer stay where it is, and another may take its place. */
  protected override retuned(vcpu: NullVcpu): NullVcpu | undefined {
    if (vcpu.home !== undefined && !vcpu.mayRunOn(vcpu.home.id)) this.#evict(vcpu);
    return this.#settleAll(vcpu);
  }

  protected override resized(): void {
    for (const [pcpu, vcpu] of this.#owners) if (!this.pcpus.includes(pcpu)) this.#evict(vcpu);
    this.#settleAll();
  }

  protected override forgotten(vcpu: NullVcpu): NullVcpu | undefined {
    this.#evict(vcpu);
    return this.#settleAll();
  }

  protected override mayUse(vcpu: NullVcpu, pcpu: Pcpu<NullVcpu>): boolean {
    return vcpu.home === pcpu;
  }

  protected choose(pcpu: Pcpu<NullVcpu>, now: number): Choice<NullVcpu> {
    const vcpu = this.#owners.get(pcpu);
    if (vcpu?.slot !== undefined && vcpu.pcpu === undefined) {
      vcpu.meter.unpark(now);
      return { kind: 'run', vcpu, slice: SLICE };
    }
    return { kind: 'idle', until: undefined };
  }

  /** Nobody has to make way: a pCPU is idle or runs its own. */
  protected victim(): undefined {
    return undefined;
  }

  #settle(vcpu: NullVcpu): void {
    if (vcpu.home !== undefined) return;
    const free = this.pcpus.find((pcpu) => !this.#owners.has(pcpu) && vcpu.mayRunOn(pcpu.id));
    if (free === undefined) return;
    vcpu.home = free;
    this.#owners.set(free, vcpu);
  }

  /** Returns one that has a pCPU since now, other than `known`. */
  #settleAll(known?: NullVcpu): NullVcpu | undefined {
    let settled: NullVcpu | undefined;
    for (const vcpu of this.all()) {
      if (vcpu.slot === undefined || vcpu.home !== undefined) continue;
      this.#settle(vcpu);
      if (vcpu.home !== undefined && vcpu !== known) settled = vcpu;
    }
    return settled;
  }

  #evict(vcpu: NullVcpu): void {
    if (vcpu.home !== undefined) this.#owners.delete(vcpu.home);
    vcpu.home = undefined;
  }
}
