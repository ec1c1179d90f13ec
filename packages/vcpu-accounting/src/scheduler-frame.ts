import type {
  Decision,
  PcpuId,
  PreemptionHint,
  Scheduler,
  SchedulingParameter,
  VcpuChange,
  VcpuId,
  VcpuParameters,
  VcpuStats,
} from '@vivarium/contracts';
import { Cap } from './cap.ts';
import { errors } from './errors.ts';
import {
  type CheckedParameters,
  changed,
  checkChange,
  checkInteger,
  checkParameters,
  defaultParameters,
} from './parameters.ts';
import { Domain, Pcpu, type Vcpu } from './vcpu.ts';

/** What an algorithm chooses for a pCPU. */
export type Choice<V extends Vcpu> =
  | { readonly kind: 'run'; readonly vcpu: V; readonly slice: number; readonly kick?: Pcpu<V> | undefined }
  | { readonly kind: 'idle'; readonly until: number | undefined };

/**
 * The part of the Scheduler contract that all algorithms share: who is where, time stamps, statistics, caps, and what
 * is ignored or refused. An algorithm keeps its order in its own fields of a {@link Vcpu} and says whom to run.
 */
export abstract class SchedulerFrame<V extends Vcpu> implements Scheduler {
  abstract readonly name: string;
  abstract readonly honours: readonly SchedulingParameter[];
  /** In the order in which they came. */
  protected readonly pcpus: Pcpu<V>[] = [];
  /** Those that are ready or run, and are not parked; in no particular order. */
  protected readonly competing: V[] = [];
  readonly #vcpus = new Map<VcpuId, V>();
  readonly #domains = new Map<string, Domain>();
  readonly #parked = new Set<V>();
  /** They had to leave a pCPU or were parked, and have not been looked for an idle one for yet. */
  readonly #unplaced = new Set<V>();
  #now = 0;

  /** A vCPU with the algorithm's own fields. */
  protected abstract make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): V;
  /** `vcpu` competes from now on; it is in the list already. */
  protected abstract joined(vcpu: V, now: number): void;
  /** `vcpu` competes no more; it holds no pCPU and is no longer in the list. */
  protected abstract left(vcpu: V, now: number): void;
  /** `vcpu` used `ranFor` nanoseconds until `now`. */
  protected abstract charged(vcpu: V, ranFor: number, now: number): void;
  /** Whom to run on `pcpu`, which is free, among those that compete and hold none. */
  protected abstract choose(pcpu: Pcpu<V>, now: number): Choice<V>;
  /** Which busy pCPU `vcpu`, which competes and holds none, should have now. None of them is idle. */
  protected abstract victim(vcpu: V, now: number): Pcpu<V> | undefined;
  /** The parameters of `vcpu` were `before`; what it ran is charged. Returns another that can run because of that. */
  protected retuned(_vcpu: V, _before: CheckedParameters, _now: number): V | undefined {
    return undefined;
  }
  /** A pCPU came or went. */
  protected resized(_now: number): void {}
  /** `vcpu` was taken from the scheduler, after it left. Returns one that can run because of that. */
  protected forgotten(_vcpu: V, _now: number): V | undefined {
    return undefined;
  }
  /** Whether `vcpu` could run on `pcpu` if that were idle. */
  protected mayUse(vcpu: V, pcpu: Pcpu<V>, _now: number): boolean {
    return vcpu.mayRunOn(pcpu.id);
  }

  addPcpu(pcpu: PcpuId, time: number): void {
    const now = this.passed(time);
    checkInteger('id', pcpu);
    if (this.#pcpu(pcpu) !== undefined)
      throw errors.make('VIV_SCHEDULER_TAKEN', `pCPU ${pcpu} is in this pool already`);
    this.pcpus.push(new Pcpu<V>(pcpu));
    this.resized(now);
  }

  removePcpu(id: PcpuId, time: number): PreemptionHint {
    const now = this.passed(time);
    const pcpu = this.#pcpu(id);
    if (pcpu === undefined) return undefined;
    const vcpu = this.#giveBack(pcpu, now);
    this.pcpus.splice(this.pcpus.indexOf(pcpu), 1);
    this.resized(now);
    if (vcpu !== undefined) {
      vcpu.gaveWay = false;
      return this.#hint(vcpu, now);
    }
    // Somebody may have been sent to the pCPU that is gone.
    for (const waiting of this.competing) {
      const refuge = this.#idleFor(waiting, now);
      if (refuge !== undefined) return this.#hinted(refuge);
    }
    return this.#alarm();
  }

  add(id: VcpuId, parameters: VcpuParameters, time: number): void {
    const now = this.passed(time);
    checkInteger('id', id);
    checkParameters(parameters);
    if (this.#vcpus.has(id)) throw errors.make('VIV_SCHEDULER_TAKEN', `vCPU ${id} is in this scheduler already`);
    const domain = this.#domains.get(parameters.domain) ?? new Domain(parameters.domain);
    this.#domains.set(domain.name, domain);
    const vcpu = this.make(id, domain, changed(defaultParameters, parameters), now);
    domain.members.add(vcpu);
    this.#vcpus.set(id, vcpu);
    if (parameters.cap !== undefined) this.#setCap(domain, parameters.cap, now);
  }

  remove(id: VcpuId, time: number): PreemptionHint {
    const now = this.passed(time);
    const vcpu = this.#vcpus.get(id);
    if (vcpu === undefined) return undefined;
    const held = vcpu.pcpu;
    this.#fallAsleep(vcpu, now);
    for (const pcpu of this.pcpus) if (pcpu.favourite === vcpu) pcpu.favourite = undefined;
    this.#vcpus.delete(id);
    vcpu.domain.members.delete(vcpu);
    if (vcpu.domain.members.size === 0) this.#domains.delete(vcpu.domain.name);
    const heir = this.forgotten(vcpu, now);
    if (held !== undefined) return held.id;
    return heir === undefined ? undefined : this.#hint(heir, now);
  }

  change(id: VcpuId, change: VcpuChange, time: number): readonly PcpuId[] {
    const now = this.passed(time);
    const vcpu = this.#vcpus.get(id);
    if (vcpu === undefined) throw errors.make('VIV_SCHEDULER_TAKEN', `there is no vCPU ${id} to change`);
    checkChange(change);
    this.settle(vcpu, now);
    const before = vcpu.parameters;
    vcpu.parameters = changed(before, change);
    const heir = this.retuned(vcpu, before, now);
    if (change.cap !== undefined) {
      this.#setCap(vcpu.domain, change.cap, now);
      return this.pcpus.map((pcpu) => pcpu.id);
    }
    const hint = vcpu.pcpu === undefined ? this.#hint(vcpu, now) : vcpu.pcpu.id;
    const other = heir === undefined ? undefined : this.#hint(heir, now);
    return [hint, other].filter((pcpu) => pcpu !== undefined);
  }

  wake(id: VcpuId, time: number): PreemptionHint {
    const now = this.passed(time);
    const vcpu = this.#vcpus.get(id);
    if (vcpu === undefined || vcpu.state !== 'asleep') return undefined;
    vcpu.state = 'ready';
    vcpu.meter.wake(now);
    if (this.#granted(vcpu, now) === 0) {
      this.#park(vcpu, now);
      return this.#alarm();
    }
    this.#join(vcpu, now);
    return this.#hint(vcpu, now);
  }

  sleep(id: VcpuId, time: number): void {
    const now = this.passed(time);
    const vcpu = this.#vcpus.get(id);
    if (vcpu !== undefined) this.#fallAsleep(vcpu, now);
  }

  yield(id: VcpuId, time: number, to?: VcpuId): void {
    this.passed(time);
    const vcpu = this.#vcpus.get(id);
    const pcpu = vcpu?.pcpu as Pcpu<V> | undefined;
    if (vcpu === undefined || pcpu === undefined) return;
    vcpu.gaveWay = true;
    const favourite = to === undefined ? undefined : this.#vcpus.get(to);
    pcpu.favourite = favourite === vcpu ? undefined : favourite;
  }

  pick(id: PcpuId, time: number): Decision {
    const now = this.passed(time);
    const pcpu = this.#pcpu(id);
    if (pcpu === undefined) return { kind: 'idle', until: undefined };
    const before = this.#giveBack(pcpu, now);
    pcpu.before = before;
    pcpu.hinted = false;
    this.#unpark(now);
    const decision = this.#decide(pcpu, now);
    pcpu.picksAt = decision.kind === 'run' ? now + decision.slice : (decision.until ?? Number.POSITIVE_INFINITY);
    pcpu.favourite = undefined;
    pcpu.before = undefined;
    if (before !== undefined) {
      before.gaveWay = false;
      this.#unplaced.add(before);
    }
    if (decision.kick !== undefined) return decision;
    const kick = this.#placed(pcpu, now);
    return kick === undefined ? decision : { ...decision, kick: this.#hinted(kick) };
  }

  account(id: VcpuId, ranFor: number, time: number): void {
    const now = this.passed(time);
    const vcpu = this.#vcpus.get(id);
    if (vcpu?.pcpu === undefined) return;
    const ran = Math.min(Math.max(0, Math.floor(ranFor) || 0), now - vcpu.accountedAt);
    vcpu.accountedAt = now;
    vcpu.meter.charge(ran, now);
    const due = Math.max(0, ran - vcpu.prepaid);
    vcpu.prepaid = Math.max(0, vcpu.prepaid - ran);
    this.#charge(vcpu, due, now);
  }

  stats(id: VcpuId, time: number): VcpuStats | undefined {
    return this.#vcpus.get(id)?.meter.stats(this.passed(time));
  }

  /** Charges a vCPU that runs for all of the time since the last charge. What it did not use is made up for later. */
  protected settle(vcpu: V, now: number): void {
    if (vcpu.pcpu === undefined) return;
    const elapsed = now - vcpu.chargedAt;
    vcpu.prepaid += elapsed;
    this.#charge(vcpu, elapsed, now);
  }

  /** Those of a guest. */
  protected siblings(vcpu: V): Iterable<V> {
    return vcpu.domain.members as Set<V>;
  }

  /** Every vCPU, also those that sleep. */
  protected all(): Iterable<V> {
    return this.#vcpus.values();
  }

  #decide(pcpu: Pcpu<V>, now: number): Decision {
    for (;;) {
      const choice = this.choose(pcpu, now);
      const unpark = this.#nextUnpark();
      if (choice.kind === 'idle') {
        const until = Math.min(choice.until ?? unpark, unpark);
        return { kind: 'idle', until: until === Number.POSITIVE_INFINITY ? undefined : Math.max(until, now + 1) };
      }
      const { vcpu, kick } = choice;
      const granted = this.#granted(vcpu, now);
      if (granted === 0) {
        this.#leave(vcpu, now);
        this.#park(vcpu, now);
        continue;
      }
      const slice = Math.max(1, Math.floor(Math.min(choice.slice, granted, unpark - now)));
      pcpu.current = vcpu;
      vcpu.pcpu = pcpu;
      vcpu.state = 'running';
      vcpu.lastPcpu = pcpu.id;
      vcpu.chargedAt = now;
      vcpu.accountedAt = now;
      if (pcpu.before !== vcpu) vcpu.startedAt = now;
      vcpu.sliceEnd = now + slice;
      vcpu.meter.start(pcpu.id, now);
      const run = { kind: 'run', vcpu: vcpu.id, slice } as const;
      return kick === undefined ? run : { ...run, kick: this.#hinted(kick) };
    }
  }

  /** An idle pCPU, but not the one that picks, for one that may need it. It picks then, and finds one for the next. */
  #placed(picks: Pcpu<V>, now: number): Pcpu<V> | undefined {
    for (const vcpu of this.#unplaced) {
      this.#unplaced.delete(vcpu);
      const pcpu = this.#idleFor(vcpu, now, picks);
      if (pcpu !== undefined) return pcpu;
    }
    return undefined;
  }

  #hint(vcpu: V, now: number): PreemptionHint {
    if (vcpu.slot === undefined || vcpu.pcpu !== undefined) return undefined;
    const pcpu = this.#idleFor(vcpu, now) ?? this.victim(vcpu, now);
    return pcpu === undefined ? undefined : this.#hinted(pcpu);
  }

  /** An idle pCPU for a vCPU that waits, and to which nobody was sent yet; not the one that picks already. */
  #idleFor(vcpu: V, now: number, picks?: Pcpu<V>): Pcpu<V> | undefined {
    if (vcpu.slot === undefined || vcpu.pcpu !== undefined) return undefined;
    let chosen: Pcpu<V> | undefined;
    for (const pcpu of this.pcpus) {
      if (pcpu === picks || pcpu.current !== undefined || pcpu.hinted || !this.mayUse(vcpu, pcpu, now)) continue;
      if (chosen === undefined || pcpu.id === vcpu.lastPcpu) chosen = pcpu;
    }
    return chosen;
  }

  #hinted(pcpu: Pcpu<V>): PcpuId {
    pcpu.hinted = true;
    return pcpu.id;
  }

  #giveBack(pcpu: Pcpu<V>, now: number): V | undefined {
    const vcpu = pcpu.current;
    if (vcpu === undefined) return undefined;
    pcpu.current = undefined;
    vcpu.pcpu = undefined;
    vcpu.state = 'ready';
    vcpu.meter.stop(now);
    return vcpu;
  }

  #fallAsleep(vcpu: V, now: number): void {
    if (vcpu.state === 'asleep') return;
    const pcpu = vcpu.pcpu;
    if (pcpu !== undefined) {
      pcpu.current = undefined;
      this.#leaveOver(vcpu, now);
    }
    vcpu.pcpu = undefined;
    vcpu.state = 'asleep';
    vcpu.gaveWay = false;
    vcpu.meter.sleep(now);
    vcpu.parkedUntil = undefined;
    this.#parked.delete(vcpu);
    this.#unplaced.delete(vcpu);
    this.#leave(vcpu, now);
  }

  #charge(vcpu: V, ran: number, now: number): void {
    vcpu.chargedAt = now;
    vcpu.domain.cap?.charge(ran, now);
    this.charged(vcpu, ran, now);
  }

  #join(vcpu: V, now: number): void {
    vcpu.slot = this.competing.push(vcpu) - 1;
    this.joined(vcpu, now);
  }

  #leave(vcpu: V, now: number): void {
    const slot = vcpu.slot;
    const last = this.competing.at(-1);
    if (slot === undefined || last === undefined) return;
    this.competing[slot] = last;
    last.slot = slot;
    this.competing.pop();
    vcpu.slot = undefined;
    this.left(vcpu, now);
  }

  #setCap(domain: Domain, cap: number, now: number): void {
    const caps = this.honours.includes('cap') && cap > 0;
    domain.cap = caps ? new Cap(cap, now) : undefined;
    for (const vcpu of domain.members) if (vcpu.parkedUntil !== undefined) vcpu.parkedUntil = now;
  }

  /** How long the cap lets a vCPU run; what is left of it is for every ready sibling. */
  #granted({ domain }: V, now: number): number {
    return domain.cap?.grant(domain.load(now), now) ?? Number.POSITIVE_INFINITY;
  }

  #park(vcpu: V, now: number): void {
    const { domain } = vcpu;
    vcpu.parkedUntil = Math.max(now + 1, domain.cap?.nextGrant(domain.load(now), now) ?? now);
    vcpu.meter.park(now);
    this.#parked.add(vcpu);
  }

  /** A vCPU does not use what it was granted: its siblings may have it at once. */
  #leaveOver({ domain, sliceEnd }: V, now: number): void {
    if (domain.cap === undefined || sliceEnd <= now) return;
    for (const sibling of domain.members) if (sibling.parkedUntil !== undefined) sibling.parkedUntil = now;
  }

  #unpark(now: number): void {
    for (const vcpu of this.#parked) {
      if (vcpu.parkedUntil === undefined || vcpu.parkedUntil > now) continue;
      if (this.#granted(vcpu, now) === 0) {
        this.#park(vcpu, now);
        continue;
      }
      this.#parked.delete(vcpu);
      vcpu.parkedUntil = undefined;
      vcpu.meter.unpark(now);
      this.#join(vcpu, now);
      this.#unplaced.add(vcpu);
    }
  }

  #nextUnpark(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { parkedUntil } of this.#parked) if (parkedUntil !== undefined && parkedUntil < next) next = parkedUntil;
    return next;
  }

  /** A pCPU that has to pick so that somebody does when the first parked vCPU may run again; rather an idle one. */
  #alarm(): PreemptionHint {
    const next = this.#nextUnpark();
    let latest: Pcpu<V> | undefined;
    for (const pcpu of this.pcpus) {
      if (pcpu.hinted || pcpu.picksAt <= next) return undefined;
      const idle = pcpu.current === undefined;
      if (latest === undefined || (idle && latest.current !== undefined)) latest = pcpu;
    }
    return next === Number.POSITIVE_INFINITY || latest === undefined ? undefined : this.#hinted(latest);
  }

  #pcpu(id: PcpuId): Pcpu<V> | undefined {
    for (const pcpu of this.pcpus) if (pcpu.id === id) return pcpu;
    return undefined;
  }

  /** The host's clock does not go back; where it seems to, time stands still. */
  protected passed(time: number): number {
    if (time > this.#now) this.#now = time;
    return this.#now;
  }
}
