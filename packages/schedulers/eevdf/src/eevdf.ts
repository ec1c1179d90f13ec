import type { PcpuId, VcpuId } from '@vivarium/contracts';
import { type CheckedParameters, type Choice, type Domain, type Pcpu, SchedulerFrame } from '@vivarium/vcpu-accounting';
import { dedicated } from './dedicated.ts';
import { EevdfVcpu } from './eevdf-vcpu.ts';
import { keepWithinReach } from './pinned.ts';
import { SCALE, VirtualTime } from './virtual-time.ts';

/** Lag at which the guard steps in, and how long it lets run, in parts of the longest slice. */
const GUARD_AT = 3 / 4;
const GUARD_SLICE = 1 / 8;

/** What is left to the one that runs when another becomes eligible that is due before it, in nanoseconds. */
const LEAST_SLICE = 100_000;

/** What a pass over the waiting vCPUs finds. */
interface Candidates {
  /** Entitled to a whole pCPU. */
  entitled: EevdfVcpu | undefined;
  /** The first that will be too far behind, when in virtual time, and when the second will be. */
  urgent: EevdfVcpu | undefined;
  urgentAt: number;
  nextUrgentAt: number;
  /** Eligible, with the earliest deadline; and the same of those whose sibling runs. */
  eligible: EevdfVcpu | undefined;
  companion: EevdfVcpu | undefined;
  /** Not eligible, and least ahead. */
  ahead: EevdfVcpu | undefined;
  aheadLag: number;
}

/**
 * Earliest eligible virtual deadline first on one queue for the whole pool.
 *
 * One queue, because with one for each pCPU the lag of a vCPU against the whole pool is bounded only as well as weights
 * are balanced between pCPUs, and weights of 1 to 1000 cannot be balanced. On one pCPU the theorem of Stoica and
 * Abdel-Wahab bounds the lag. On more it does not: deadlines on m pCPUs are late by more than one request (S. K. Dhall,
 * C. L. Liu, 1978), and in simulations a seventh of random sets break the bound. So two rules are added:
 *
 * - A vCPU whose weight entitles it to a whole pCPU has it, and the rest share the rest. It could never catch up.
 * - A vCPU that is behind by three quarters of the longest slice is served before deadlines, in short slices, until it is
 *   no longer. All that are as far behind need no more than all pCPUs, so they stay there. This does not happen while
 *   only one pCPU is shared, where it is not needed.
 */
export class Eevdf extends SchedulerFrame<EevdfVcpu> {
  readonly name = 'eevdf';
  readonly honours = ['weight', 'cap', 'slice', 'affinity', 'gang'] as const;
  readonly #time = new VirtualTime();
  #dedicated: EevdfVcpu[] = [];
  #lingering = 0;

  protected make(id: VcpuId, domain: Domain, parameters: CheckedParameters, now: number): EevdfVcpu {
    return new EevdfVcpu(id, domain, parameters, now);
  }

  protected joined(vcpu: EevdfVcpu, now: number): void {
    if (vcpu.role === 'lingering') {
      this.#lingering -= 1;
      this.#time.request(vcpu);
    } else this.#time.join(vcpu, this.#virtualNow(now));
    vcpu.role = 'shared';
    this.#entitle(now);
  }

  protected left(vcpu: EevdfVcpu, now: number): void {
    if (vcpu.role === 'shared') {
      const virtualNow = this.#virtualNow(now);
      if (vcpu.state === 'asleep' && this.#time.lag(vcpu, virtualNow) < 0) {
        this.#forgive(vcpu, virtualNow);
        vcpu.role = 'lingering';
        this.#lingering += 1;
        return;
      }
      this.#time.leave(vcpu, virtualNow);
    } else {
      this.#dedicated = this.#dedicated.filter((other) => other !== vcpu);
      this.#count(vcpu, 0, now);
    }
    vcpu.role = 'out';
    vcpu.storedLag = Math.min(vcpu.storedLag, vcpu.slice * SCALE);
    this.#entitle(now);
  }

  protected charged(vcpu: EevdfVcpu, ranFor: number, now: number): void {
    if (vcpu.role === 'shared') this.#time.charge(vcpu, ranFor);
    else this.#count(vcpu, ranFor, now);
    vcpu.requestLeft -= ranFor;
    if (vcpu.requestLeft <= 0) this.#time.request(vcpu);
  }

  protected override retuned(vcpu: EevdfVcpu, before: CheckedParameters, now: number): undefined {
    const after = vcpu.parameters;
    if (vcpu.role === 'shared' || vcpu.role === 'lingering') {
      // It leaves with its old weight and comes back with the new one, as much behind as it was.
      vcpu.parameters = before;
      const virtualNow = this.#virtualNow(now);
      this.#time.leave(vcpu, virtualNow);
      vcpu.parameters = after;
      this.#time.join(vcpu, this.#virtualNow(now));
    } else vcpu.requestLeft = Math.min(vcpu.requestLeft, vcpu.slice);
    this.#entitle(now);
  }

  protected override resized(now: number): void {
    this.#entitle(now);
  }

  protected override forgotten(vcpu: EevdfVcpu): undefined {
    if (vcpu.role !== 'lingering') return;
    this.#lingering -= 1;
    this.#time.leave(vcpu, 0);
    vcpu.role = 'out';
  }

  protected choose(pcpu: Pcpu<EevdfVcpu>, now: number): Choice<EevdfVcpu> {
    if (this.#lingering > 0) this.#dismiss(now);
    if (this.#time.pinned > 0) keepWithinReach(this.#time, this.#virtualNow(now), now);
    const virtualNow = this.#virtualNow(now);
    const found = this.#survey(pcpu, virtualNow);
    const shared = this.pcpus.length - this.#dedicated.length;
    const guarded = shared > 1 || this.#time.pinned > 0;
    const critical = guarded && found.urgentAt <= virtualNow ? found.urgent : undefined;
    // Those that may run anywhere give way to who has nowhere else to go.
    const entitled = critical?.parameters.affinity === undefined ? found.entitled : undefined;
    const companion = guarded ? found.companion : undefined;
    const favourite = critical === undefined ? this.#favourite(pcpu, virtualNow) : undefined;
    const vcpu = entitled ?? critical ?? favourite ?? companion ?? found.eligible ?? found.ahead;
    const yielding = pcpu.before;
    if (yielding?.gaveWay && yielding.slot !== undefined && yielding.mayRunOn(pcpu.id)) {
      // Giving way does not make those eligible that had their share.
      const lag = this.#time.lag(yielding, virtualNow);
      const again =
        vcpu === undefined || (vcpu === found.ahead && (yielding.role === 'dedicated' || lag >= found.aheadLag));
      if (again) return { kind: 'run', vcpu: yielding, slice: this.#slice(yielding, found, virtualNow, guarded) };
      yielding.deadline = Math.max(yielding.deadline, virtualNow + this.#time.length(yielding));
    }
    if (vcpu === undefined) return { kind: 'idle', until: undefined };
    const slice = this.#slice(vcpu, found, virtualNow, guarded);
    return { kind: 'run', vcpu, slice, kick: this.#kick(vcpu, found.entitled, pcpu, virtualNow) };
  }

  protected victim(vcpu: EevdfVcpu, now: number): Pcpu<EevdfVcpu> | undefined {
    const virtualNow = this.#virtualNow(now);
    if (vcpu.role === 'shared' && vcpu.virtualTime > virtualNow) return undefined;
    let latest = vcpu.role === 'dedicated' ? Number.NEGATIVE_INFINITY : vcpu.deadline;
    let found: Pcpu<EevdfVcpu> | undefined;
    for (const pcpu of this.pcpus) {
      const current = pcpu.current;
      if (current?.role !== 'shared' || pcpu.hinted || !vcpu.mayRunOn(pcpu.id) || current.deadline <= latest) continue;
      latest = current.deadline;
      found = pcpu;
    }
    return found;
  }

  /** V now: what runs has moved on since it was charged. */
  #virtualNow(now: number): number {
    let elapsed = 0;
    for (const { current } of this.pcpus) if (current?.role === 'shared') elapsed += now - current.chargedAt;
    return this.#time.at(elapsed);
  }

  /** One pass over those that wait. */
  #survey(pcpu: Pcpu<EevdfVcpu>, virtualNow: number): Candidates {
    const guardLag = this.#guardLag();
    const found: Candidates = {
      entitled: undefined,
      urgent: undefined,
      urgentAt: Number.POSITIVE_INFINITY,
      nextUrgentAt: Number.POSITIVE_INFINITY,
      eligible: undefined,
      companion: undefined,
      ahead: undefined,
      aheadLag: Number.NEGATIVE_INFINITY,
    };
    for (const vcpu of this.competing) {
      if (vcpu.pcpu !== undefined || vcpu.gaveWay || !vcpu.mayRunOn(pcpu.id)) continue;
      if (vcpu.role === 'dedicated') {
        if (found.entitled === undefined || vcpu.id < found.entitled.id) found.entitled = vcpu;
        continue;
      }
      const urgentAt = vcpu.virtualTime + guardLag / vcpu.weight;
      if (urgentAt < found.urgentAt || (urgentAt === found.urgentAt && vcpu.id < (found.urgent?.id ?? -1))) {
        found.nextUrgentAt = found.urgentAt;
        found.urgentAt = urgentAt;
        found.urgent = vcpu;
      } else if (urgentAt < found.nextUrgentAt) found.nextUrgentAt = urgentAt;
      const lag = this.#time.lag(vcpu, virtualNow);
      if (lag >= 0) {
        if (isEarlier(vcpu, found.eligible)) found.eligible = vcpu;
        if (vcpu.parameters.gang && isEarlier(vcpu, found.companion) && this.#hasRunningSibling(vcpu)) {
          found.companion = vcpu;
        }
      } else if (lag > found.aheadLag || (lag === found.aheadLag && vcpu.id < (found.ahead?.id ?? -1))) {
        found.aheadLag = lag;
        found.ahead = vcpu;
      }
    }
    return found;
  }

  /** For how long `vcpu` may run: its request, unless others must run before or it gets too far ahead. */
  #slice(vcpu: EevdfVcpu, found: Candidates, virtualNow: number, guarded: boolean): number {
    if (this.#time.members.length === 0) return vcpu.requestLeft;
    const short = this.#time.longestSlice * GUARD_SLICE;
    const shared = Math.max(1, this.pcpus.length - this.#dedicated.length);
    const pace = this.#time.weight / (shared * SCALE);
    let slice = vcpu.requestLeft;
    if (vcpu.role === 'dedicated') {
      if (found.urgent?.parameters.affinity === undefined) return slice;
      return Math.ceil(Math.min(slice, Math.max(short, (found.urgentAt - virtualNow) * pace)));
    }
    if (guarded) {
      if (found.urgent === vcpu && found.urgentAt <= virtualNow) slice = Math.min(slice, short);
      const wait = ((found.urgent === vcpu ? found.nextUrgentAt : found.urgentAt) - virtualNow) * pace;
      slice = Math.min(slice, wait > 0 ? Math.max(wait, short / 4) : short);
    }
    const lag = this.#time.lag(vcpu, virtualNow);
    if (lag >= 0) {
      if (found.eligible !== vcpu) return Math.ceil(slice);
      const rival = this.#nextRival(vcpu, virtualNow) - virtualNow;
      return Math.ceil(Math.min(slice, Math.max(LEAST_SLICE, rival * pace)));
    }
    const gain = 1 - Math.min(1, vcpu.weight / (this.#time.weight / shared));
    const room = gain <= 0 ? slice : (lag + this.#guardLag()) / (SCALE * gain);
    if (room < 0) this.#forgive(vcpu, virtualNow);
    return Math.ceil(Math.min(slice, Math.max(room, short)));
  }

  /** When in virtual time one that waits becomes eligible that is due before `vcpu`. */
  #nextRival(vcpu: EevdfVcpu, virtualNow: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const other of this.competing) {
      if (other.pcpu !== undefined || other.role !== 'shared' || other.virtualTime <= virtualNow) continue;
      if (other.virtualTime < first && other.deadline < vcpu.deadline) first = other.virtualTime;
    }
    return first;
  }

  #guardLag(): number {
    return this.#time.longestSlice * GUARD_AT * SCALE;
  }

  /** What a vCPU had ahead of others that could not use it is not held against it beyond the guard. */
  #forgive(vcpu: EevdfVcpu, virtualNow: number): void {
    const most = Math.ceil((Math.max(this.#time.longestSlice, vcpu.slice) * SCALE) / vcpu.weight);
    const ahead = vcpu.virtualTime - virtualNow;
    if (ahead <= most) return;
    vcpu.deadline += most - ahead;
    this.#time.move(vcpu, most - ahead);
  }

  /** Sleepers whose time has come owe nothing any more. */
  #dismiss(now: number): void {
    const virtualNow = this.#virtualNow(now);
    const due = this.#time.members.filter((vcpu) => vcpu.role === 'lingering' && vcpu.virtualTime <= virtualNow);
    for (const vcpu of due) {
      this.#time.leave(vcpu, virtualNow);
      vcpu.storedLag = 0;
      vcpu.role = 'out';
      this.#lingering -= 1;
    }
    if (due.length > 0) this.#entitle(now);
  }

  /** What one that is entitled to all of a pCPU did not get of it, it is behind. */
  #count(vcpu: EevdfVcpu, ranFor: number, now: number): void {
    const most = Math.max(this.#time.longestSlice, vcpu.slice) * SCALE;
    vcpu.storedLag = Math.min(most, vcpu.storedLag + (now - vcpu.dedicatedAt - ranFor) * SCALE);
    vcpu.dedicatedAt = now;
  }

  /** Finds out who is entitled to a whole pCPU. */
  #entitle(now: number): void {
    const able = this.competing.filter(({ parameters }) => parameters.affinity === undefined);
    const weight = this.#dedicated.reduce((sum, vcpu) => sum + vcpu.weight, this.#time.weight);
    const entitled = dedicated(able, weight, this.pcpus.length);
    for (const vcpu of this.#dedicated) {
      if (entitled.has(vcpu)) continue;
      this.settle(vcpu, now);
      this.#count(vcpu, 0, now);
      this.#time.join(vcpu, this.#virtualNow(now));
      vcpu.role = 'shared';
    }
    for (const vcpu of entitled) {
      if (vcpu.role === 'dedicated') continue;
      this.settle(vcpu, now);
      this.#time.leave(vcpu, this.#virtualNow(now));
      vcpu.role = 'dedicated';
      vcpu.dedicatedAt = now;
    }
    this.#dedicated = [...entitled];
  }

  #favourite({ id, favourite }: Pcpu<EevdfVcpu>, virtualNow: number): EevdfVcpu | undefined {
    if (favourite?.slot === undefined || favourite.pcpu !== undefined || !favourite.mayRunOn(id)) return undefined;
    return favourite.role === 'dedicated' || this.#time.lag(favourite, virtualNow) > -this.#guardLag()
      ? favourite
      : undefined;
  }

  #hasRunningSibling(vcpu: EevdfVcpu): boolean {
    return this.pcpus.some(({ current }) => current?.domain === vcpu.domain);
  }

  /** Who else should have a pCPU now that `vcpu` gets this one: one that is entitled to any, or a sibling. */
  #kick(vcpu: EevdfVcpu, entitled: EevdfVcpu | undefined, { id }: Pcpu<EevdfVcpu>, virtualNow: number) {
    if (entitled !== undefined && entitled !== vcpu) return this.#held(entitled, id, () => true);
    if (!vcpu.parameters.gang) return undefined;
    for (const sibling of this.siblings(vcpu)) {
      const waits = sibling !== vcpu && sibling.slot !== undefined && sibling.pcpu === undefined;
      if (!waits || !sibling.parameters.gang || sibling.virtualTime > virtualNow) continue;
      // From a stranger that has had its share.
      const had = ({ domain, virtualTime }: EevdfVcpu) => domain !== vcpu.domain && virtualTime >= virtualNow;
      const found = this.#held(sibling, id, had);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A pCPU but `not` that one of those that share, and are `such`, holds and `vcpu` could have. */
  #held(vcpu: EevdfVcpu, not: PcpuId, such: (current: EevdfVcpu) => boolean): Pcpu<EevdfVcpu> | undefined {
    return this.pcpus.find(
      ({ id, current, hinted }) =>
        id !== not && !hinted && vcpu.mayRunOn(id) && current?.role === 'shared' && such(current),
    );
  }
}

/** Whether `vcpu` has the earlier deadline; the lower number when they are the same. */
const isEarlier = (vcpu: EevdfVcpu, than: EevdfVcpu | undefined): boolean =>
  than === undefined || vcpu.deadline < than.deadline || (vcpu.deadline === than.deadline && vcpu.id < than.id);
