import type {
  Decision,
  PcpuId,
  PreemptionHint,
  Scheduler,
  VcpuChange,
  VcpuId,
  VcpuParameters,
} from '@vivarium/contracts';
import { expectThat, neverThrows } from '../conformance.ts';

/** What the host knows about a vCPU. */
interface KnownVcpu {
  readonly addedAt: number;
  awake: boolean;
  /** The pCPU it holds. */
  pcpu: PcpuId | undefined;
  /** The pCPU it was given last. */
  lastPcpu: PcpuId | undefined;
  /** Up to when it is accounted while it holds one. */
  accountedTo: number;
  run: number;
  starts: number;
}

interface KnownPcpu {
  vcpu: VcpuId | undefined;
  /** When to pick again. */
  pickAt: number;
}

/** A host that believes nothing: it drives a scheduler as the contract says and checks every answer. */
export class StrictHost {
  readonly scheduler: Scheduler;
  readonly vcpus = new Map<VcpuId, KnownVcpu>();
  readonly pcpus = new Map<PcpuId, KnownPcpu>();
  /** What was decided, to compare with another run. */
  readonly log: string[] = [];
  now = 0;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  addPcpu(id: PcpuId): void {
    this.scheduler.addPcpu(id, this.now);
    this.pcpus.set(id, { vcpu: undefined, pickAt: this.now });
  }

  removePcpu(id: PcpuId): void {
    this.#accountPcpu(id);
    const held = this.pcpus.get(id)?.vcpu;
    const vcpu = held === undefined ? undefined : this.vcpus.get(held);
    if (vcpu !== undefined) vcpu.pcpu = undefined;
    this.pcpus.delete(id);
    this.#hinted(
      'removePcpu',
      neverThrows('removePcpu', () => this.scheduler.removePcpu(id, this.now)),
    );
  }

  add(id: VcpuId, parameters: VcpuParameters): void {
    this.scheduler.add(id, parameters, this.now);
    const addedAt = this.now;
    const nowhere = { pcpu: undefined, lastPcpu: undefined };
    this.vcpus.set(id, { addedAt, awake: false, ...nowhere, accountedTo: 0, run: 0, starts: 0 });
  }

  remove(id: VcpuId): void {
    this.#release(id);
    this.vcpus.delete(id);
    this.#hinted(
      'remove',
      neverThrows('remove', () => this.scheduler.remove(id, this.now)),
    );
    const stats = neverThrows('stats', () => this.scheduler.stats(id, this.now));
    expectThat(stats === undefined, 'stats of a vCPU that was removed must be undefined');
  }

  change(id: VcpuId, change: VcpuChange): void {
    for (const pcpu of this.scheduler.change(id, change, this.now)) this.#hinted('change', pcpu);
  }

  configure(options: unknown): void {
    for (const pcpu of this.scheduler.configure?.(options, this.now) ?? []) this.#hinted('configure', pcpu);
  }

  wake(id: VcpuId): PreemptionHint {
    const vcpu = this.vcpus.get(id);
    const again = vcpu?.awake !== false;
    if (vcpu !== undefined) vcpu.awake = true;
    const hint = neverThrows('wake', () => this.scheduler.wake(id, this.now));
    this.#hinted('wake', hint);
    if (again) expectThat(hint === undefined, 'a wake that changes nothing must not ask for a pCPU');
    return hint;
  }

  sleep(id: VcpuId): void {
    this.#release(id);
    const vcpu = this.vcpus.get(id);
    if (vcpu !== undefined) vcpu.awake = false;
    neverThrows('sleep', () => this.scheduler.sleep(id, this.now));
  }

  yield(id: VcpuId, to?: VcpuId): void {
    neverThrows('yield', () => this.scheduler.yield(id, this.now, to));
  }

  /** Accounts for what ran there, or for less; picks, and checks the decision. */
  pick(id: PcpuId, ran = Number.POSITIVE_INFINITY): Decision {
    this.#accountPcpu(id, ran);
    const pcpu = this.pcpus.get(id);
    const held = pcpu?.vcpu === undefined ? undefined : this.vcpus.get(pcpu.vcpu);
    if (held !== undefined) held.pcpu = undefined;
    if (pcpu !== undefined) pcpu.vcpu = undefined;
    const decision = neverThrows('pick', () => this.scheduler.pick(id, this.now));
    this.log.push(JSON.stringify([this.now, id, decision]));
    if (decision.kind === 'idle') this.#idles(pcpu, decision.until);
    else this.#runs(id, pcpu, decision);
    expectThat(decision.kick !== id, `a decision for pCPU ${id} must not kick that same pCPU`);
    this.#hinted('kick of a decision', decision.kick);
    return decision;
  }

  /** Charges `ranFor`, which may be any number; what is impossible is to be taken for what is not. */
  account(id: VcpuId, ranFor: number): void {
    const vcpu = this.vcpus.get(id);
    if (vcpu?.pcpu !== undefined) {
      const ran = Number.isNaN(ranFor) ? 0 : Math.floor(Math.max(0, ranFor));
      vcpu.run += Math.min(ran, this.now - vcpu.accountedTo);
      vcpu.accountedTo = this.now;
    }
    neverThrows('account', () => this.scheduler.account(id, ranFor, this.now));
  }

  /** Time goes on; every pCPU picks when it should, and whoever runs, runs. */
  drive(until: number): void {
    for (;;) {
      let next: PcpuId | undefined;
      let at = until;
      for (const [id, { pickAt }] of this.pcpus) {
        if (pickAt >= at) continue;
        next = id;
        at = pickAt;
      }
      this.now = Math.max(this.now, at);
      if (next === undefined) return;
      this.pick(next);
    }
  }

  /** Times of every vCPU add up, and are what was accounted. */
  checkStats(): void {
    for (const [id, vcpu] of this.vcpus) {
      const stats = neverThrows('stats', () => this.scheduler.stats(id, this.now));
      expectThat(stats !== undefined, `stats of vCPU ${id} must be there`);
      if (stats === undefined) continue;
      const { run, ready, parked, blocked, wakeLatency } = stats;
      expectThat(run === vcpu.run, `vCPU ${id} was accounted ${vcpu.run} ns, and its stats say ${run}`);
      expectThat(parked >= 0 && parked <= ready, `vCPU ${id} cannot be parked for ${parked} of ${ready} ns ready`);
      // While it runs, what is not accounted yet is in none of them.
      const going = vcpu.pcpu === undefined ? 0 : this.now - vcpu.accountedTo;
      const age = this.now - vcpu.addedAt;
      const sum = run + ready + blocked + going;
      expectThat(sum === age, `run, ready and blocked of vCPU ${id} must be its ${age} ns, and are ${sum}`);
      const { count, p50, p99, max } = wakeLatency;
      expectThat(
        count === 0 || (p50 <= p99 && p99 <= max),
        `p50, p99 and max must be in order: ${p50}, ${p99}, ${max}`,
      );
    }
  }

  #idles(pcpu: KnownPcpu | undefined, until: number | undefined): void {
    const later = until === undefined || (Number.isSafeInteger(until) && until > this.now);
    expectThat(later, `a pCPU must idle until a later time, not ${until} at ${this.now}`);
    if (pcpu !== undefined) pcpu.pickAt = until ?? Number.POSITIVE_INFINITY;
  }

  #runs(id: PcpuId, pcpu: KnownPcpu | undefined, { vcpu: vcpuId, slice }: Decision & { kind: 'run' }): void {
    const vcpu = this.vcpus.get(vcpuId);
    expectThat(pcpu !== undefined, `pCPU ${id}, which is not there, must idle`);
    expectThat(vcpu?.awake === true, `vCPU ${vcpuId} must not run: it is asleep or gone`);
    expectThat(vcpu?.pcpu === undefined, `vCPU ${vcpuId} must not run on pCPU ${id} while on ${vcpu?.pcpu}`);
    expectThat(Number.isSafeInteger(slice) && slice >= 1, `a slice must be whole nanoseconds, not ${slice}`);
    if (pcpu === undefined || vcpu === undefined) return;
    pcpu.vcpu = vcpuId;
    pcpu.pickAt = this.now + slice;
    vcpu.pcpu = id;
    vcpu.lastPcpu = id;
    vcpu.accountedTo = this.now;
    vcpu.starts += 1;
  }

  #hinted(by: string, hint: PreemptionHint): void {
    const pcpu = hint === undefined ? undefined : this.pcpus.get(hint);
    expectThat(hint === undefined || pcpu !== undefined, `${by} must not name pCPU ${hint}, which is not there`);
    if (pcpu !== undefined) pcpu.pickAt = Math.min(pcpu.pickAt, this.now);
  }

  #accountPcpu(id: PcpuId, ran = Number.POSITIVE_INFINITY): void {
    const vcpu = this.pcpus.get(id)?.vcpu;
    const to = vcpu === undefined ? undefined : this.vcpus.get(vcpu)?.accountedTo;
    if (vcpu !== undefined && to !== undefined && to < this.now) this.account(vcpu, Math.min(ran, this.now - to));
  }

  #release(id: VcpuId): void {
    const vcpu = this.vcpus.get(id);
    if (vcpu?.pcpu === undefined) return;
    this.#accountPcpu(vcpu.pcpu);
    const pcpu = this.pcpus.get(vcpu.pcpu);
    if (pcpu !== undefined) {
      pcpu.vcpu = undefined;
      pcpu.pickAt = this.now;
    }
    vcpu.pcpu = undefined;
  }
}
