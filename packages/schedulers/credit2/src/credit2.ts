import type { VcpuId } from '@vivarium/contracts';
import { type CheckedParameters, type Choice, type Domain, type Pcpu, SchedulerFrame } from '@vivarium/vcpu-accounting';
import { Credit2Vcpu, RunQueue } from './run-queue.ts';

const MILLISECOND = 1_000_000;

/** Longest slice, and the shortest a slice is cut to. */
const LONGEST_SLICE = 10 * MILLISECOND;
const SHORTEST_SLICE = 0.5 * MILLISECOND;
/** How much more credit a vCPU must have to be pulled from the pCPU on which it ran last. */
const MIGRATION_RESISTANCE = 0.5 * MILLISECOND;
/** Credit that a vCPU which gives way pretends not to have. */
const YIELD_BIAS = MILLISECOND;

/** What {@link Credit2} is made of. */
export interface Credit2Settings {
  /** Nanoseconds a vCPU runs before another that has more credit may take its place. */
  readonly rateLimit: number;
  /** pCPUs that share a run queue. */
  readonly pcpusPerQueue: number;
}

/** The credit scheduler, version 2: run whoever has most credit, and give everybody new credit when that is used up. */
export class Credit2 extends SchedulerFrame<Credit2Vcpu> {
  readonly name = 'credit2';
  readonly honours = ['weight', 'cap', 'affinity'] as const;
  readonly #settings: Credit2Settings;
  readonly #queues: RunQueue[] = [];
  readonly #queueOf = new Map<Pcpu<Credit2Vcpu>, RunQueue>();

  constructor(settings: Credit2Settings) {
    super();
    this.#settings = settings;
  }

  protected make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): Credit2Vcpu {
    return new Credit2Vcpu(id, domain, parameters, now);
  }

  protected joined(vcpu: Credit2Vcpu): void {
    this.#place(vcpu);
    if (vcpu.queue !== undefined) vcpu.queue.active += 1;
  }

  protected left(vcpu: Credit2Vcpu): void {
    if (vcpu.queue !== undefined) vcpu.queue.active -= 1;
  }

  protected charged(vcpu: Credit2Vcpu, ranFor: number): void {
    vcpu.burn(ranFor, vcpu.queue?.heaviest ?? vcpu.weight);
  }

  protected override retuned(vcpu: Credit2Vcpu, before: CheckedParameters): undefined {
    if (before.weight !== vcpu.weight) vcpu.dropResidue();
    vcpu.queue?.reweigh();
    if (vcpu.queue !== undefined && !vcpu.queue.accepts(vcpu) && vcpu.slot !== undefined) {
      this.left(vcpu);
      this.joined(vcpu);
    }
  }

  protected override forgotten(vcpu: Credit2Vcpu): undefined {
    vcpu.queue?.delete(vcpu);
  }

  /** Distributes pCPUs over queues anew, and the vCPUs after them. */
  protected override resized(): void {
    const members = [...this.all()];
    this.#queues.length = 0;
    this.#queueOf.clear();
    for (const vcpu of members) vcpu.queue = undefined;
    const count = Math.max(1, Math.ceil(this.pcpus.length / this.#settings.pcpusPerQueue));
    for (let index = 0; index < count; index += 1) this.#queues.push(new RunQueue());
    for (const [index, pcpu] of this.pcpus.entries()) {
      const queue = this.#queues[Math.floor(index / this.#settings.pcpusPerQueue)];
      if (queue === undefined) continue;
      queue.pcpus.add(pcpu.id);
      this.#queueOf.set(pcpu, queue);
    }
    for (const vcpu of members) {
      this.#place(vcpu);
      if (vcpu.slot !== undefined && vcpu.queue !== undefined) vcpu.queue.active += 1;
    }
  }

  protected choose(pcpu: Pcpu<Credit2Vcpu>, now: number): Choice<Credit2Vcpu> {
    const queue = this.#queueOf.get(pcpu);
    if (queue === undefined) return { kind: 'idle', until: undefined };
    const limited = this.#rateLimited(pcpu, now);
    if (limited !== undefined) {
      return { kind: 'run', vcpu: limited, slice: limited.startedAt + this.#settings.rateLimit - now };
    }
    const vcpu = this.#candidate(pcpu, queue) ?? this.#stolen(pcpu, queue);
    if (vcpu === undefined) return { kind: 'idle', until: undefined };
    if (vcpu.credit <= 0) {
      // What runs elsewhere pays first: the clip is for what is left over.
      for (const member of queue.members) {
        this.settle(member, now);
        member.renew();
      }
      this.#balance();
    }
    return { kind: 'run', vcpu, slice: this.#slice(vcpu, pcpu, queue) };
  }

  protected victim(vcpu: Credit2Vcpu, now: number): Pcpu<Credit2Vcpu> | undefined {
    const queue = vcpu.queue;
    let least = vcpu.credit;
    let found: Pcpu<Credit2Vcpu> | undefined;
    for (const pcpu of this.pcpus) {
      const current = pcpu.current;
      if (queue === undefined || current === undefined || pcpu.hinted || !queue.pcpus.has(pcpu.id)) continue;
      if (!vcpu.mayRunOn(pcpu.id)) continue;
      const resistance = pcpu.id === vcpu.lastPcpu ? 0 : MIGRATION_RESISTANCE;
      const credit = current.creditAfter(now - current.chargedAt, queue.heaviest) + resistance;
      if (credit >= least) continue;
      least = credit;
      found = pcpu;
    }
    return found;
  }

  /** Who ran here until now and has not yet run for so long that it may be preempted. */
  #rateLimited(pcpu: Pcpu<Credit2Vcpu>, now: number): Credit2Vcpu | undefined {
    const before = this.#before(pcpu);
    const limit = this.#settings.rateLimit;
    return before !== undefined && !before.gaveWay && now - before.startedAt < limit ? before : undefined;
  }

  /** Who ran on this pCPU up to now, if it would run on. */
  #before(pcpu: Pcpu<Credit2Vcpu>): Credit2Vcpu | undefined {
    const before = pcpu.before;
    return before !== undefined && isWaiting(before, pcpu) && before.queue === this.#queueOf.get(pcpu)
      ? before
      : undefined;
  }

  /** The one with most credit; one that ran elsewhere must have distinctly more. */
  #candidate(pcpu: Pcpu<Credit2Vcpu>, queue: RunQueue): Credit2Vcpu | undefined {
    const before = this.#before(pcpu);
    const { favourite } = pcpu;
    if (favourite?.queue === queue && isWaiting(favourite, pcpu) && favourite.credit > 0) return favourite;
    let best = before;
    let most = before === undefined ? Number.NEGATIVE_INFINITY : before.credit - (before.gaveWay ? YIELD_BIAS : 0);
    for (const vcpu of queue.members) {
      if (vcpu === before || !isWaiting(vcpu, pcpu)) continue;
      const resists = vcpu.lastPcpu !== undefined && vcpu.lastPcpu !== pcpu.id && best !== undefined;
      if (vcpu.credit - (resists ? MIGRATION_RESISTANCE : 0) < most) continue;
      const tie = vcpu.credit === most && best !== undefined;
      if (tie && (best === before ? !before?.gaveWay : (best?.id ?? 0) < vcpu.id)) continue;
      best = vcpu;
      most = vcpu.credit;
    }
    return best;
  }

  /** For an idle pCPU: whoever has most credit in the queue that has most to do. */
  #stolen(pcpu: Pcpu<Credit2Vcpu>, own: RunQueue): Credit2Vcpu | undefined {
    let best: Credit2Vcpu | undefined;
    for (const queue of this.#queues) {
      if (queue === own) continue;
      for (const vcpu of queue.members) {
        if (!isWaiting(vcpu, pcpu)) continue;
        const further = queue.load - (best?.queue?.load ?? Number.NEGATIVE_INFINITY);
        if (further > 0 || (further === 0 && vcpu.credit > (best?.credit ?? 0))) best = vcpu;
      }
    }
    if (best !== undefined) this.#move(best, own);
    return best;
  }

  /** Until its credit is used up, or another's who waits is more. */
  #slice(vcpu: Credit2Vcpu, pcpu: Pcpu<Credit2Vcpu>, queue: RunQueue): number {
    let waiting = 0;
    for (const other of queue.members) {
      if (other !== vcpu && isWaiting(other, pcpu)) waiting = Math.max(waiting, other.credit);
    }
    const gap = vcpu.credit - waiting;
    const shortest = Math.max(SHORTEST_SLICE, this.#settings.rateLimit);
    return Math.min(Math.max(vcpu.timeFor(gap, queue.heaviest), shortest), LONGEST_SLICE);
  }

  /** Gives a vCPU a queue when it has none, or can no longer run where it was. */
  #place(vcpu: Credit2Vcpu): void {
    if (vcpu.queue !== undefined && vcpu.queue.accepts(vcpu)) return;
    vcpu.queue?.delete(vcpu);
    let best: RunQueue | undefined;
    for (const queue of this.#queues) {
      if (queue.accepts(vcpu) && (best === undefined || queue.load < best.load)) best = queue;
    }
    best ??= this.#queues[0];
    best?.add(vcpu);
  }

  #move(vcpu: Credit2Vcpu, to: RunQueue): void {
    if (vcpu.queue !== undefined) vcpu.queue.active -= 1;
    vcpu.queue?.delete(vcpu);
    to.add(vcpu);
    to.active += 1;
  }

  /** Moves one vCPU from the fullest queue to the emptiest, if that makes them more alike. */
  #balance(): void {
    if (this.#queues.length < 2) return;
    const byLoad = this.#queues.toSorted((one, other) => one.load - other.load);
    const [emptiest, fullest] = [byLoad[0], byLoad.at(-1)];
    if (emptiest === undefined || fullest === undefined) return;
    if ((fullest.active - 1) / fullest.pcpus.size < (emptiest.active + 1) / emptiest.pcpus.size) return;
    for (const vcpu of fullest.members) {
      if (vcpu.slot === undefined || vcpu.pcpu !== undefined || !emptiest.accepts(vcpu)) continue;
      this.#move(vcpu, emptiest);
      return;
    }
  }
}

const isWaiting = (vcpu: Credit2Vcpu, pcpu: Pcpu<Credit2Vcpu>): boolean =>
  vcpu.slot !== undefined && vcpu.pcpu === undefined && vcpu.mayRunOn(pcpu.id);
