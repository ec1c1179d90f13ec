import type { EevdfVcpu } from './eevdf-vcpu.ts';

/** Scaled nanoseconds in a nanosecond: the grain of virtual time. */
export const SCALE = 1024;

/** Products of weight and virtual time stay below this, so that sums of them stay whole. */
const REBASE_ABOVE = 2 ** 50;
/** A lag that is kept over a change of base, scaled: more than a minute. */
const MOST_LAG = 2 ** 46;

/**
 * Virtual time of the vCPUs that share, as whole numbers. A vCPU of weight w that runs for t moves by t/w; V is the
 * mean of all, weighted. So the lags w(V − v) add up to nothing whatever is rounded, and nothing drifts: what a division
 * leaves over is carried, and V is never integrated. That the mean is the V of the paper when vCPUs come and go is
 * I. Stoica, H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First" (1995), section 3: it moves by lag over weight.
 */
export class VirtualTime {
  readonly members: EevdfVcpu[] = [];
  /** Sum of the weights. */
  weight = 0;
  /** Longest slice of a member. */
  longestSlice = 0;
  /** Members that may not run everywhere. */
  pinned = 0;
  /** Sum of weight × virtual time. */
  #moment = 0;

  /** V, when members that run have used `elapsed` nanoseconds that are not charged yet. */
  at(elapsed: number): number {
    return this.weight === 0 ? 0 : Math.floor((this.#moment + elapsed * SCALE) / this.weight);
  }

  /** Scaled nanoseconds that a member is behind. */
  lag(vcpu: EevdfVcpu, virtualNow: number): number {
    return vcpu.weight * (virtualNow - vcpu.virtualTime);
  }

  /** Takes in a vCPU so that it is behind by what is stored. It makes a new request. */
  join(vcpu: EevdfVcpu, virtualNow: number): void {
    // Its own weight moves V towards it; placed so much further off, its lag comes out as stored.
    const distance = this.weight === 0 ? 0 : (vcpu.storedLag / vcpu.weight) * (1 + vcpu.weight / this.weight);
    vcpu.virtualTime = Math.round(virtualNow - distance);
    vcpu.residue = 0;
    vcpu.sharedSlot = this.members.push(vcpu) - 1;
    this.weight += vcpu.weight;
    this.#moment += vcpu.weight * vcpu.virtualTime;
    this.longestSlice = Math.max(this.longestSlice, vcpu.slice);
    if (vcpu.parameters.affinity !== undefined) this.pinned += 1;
    this.request(vcpu);
  }

  /** Lets a member go and stores how much it is behind. */
  leave(vcpu: EevdfVcpu, virtualNow: number): void {
    const last = this.members.at(-1);
    if (vcpu.sharedSlot === undefined || last === undefined) return;
    vcpu.storedLag = this.lag(vcpu, virtualNow);
    this.members[vcpu.sharedSlot] = last;
    last.sharedSlot = vcpu.sharedSlot;
    this.members.pop();
    vcpu.sharedSlot = undefined;
    if (vcpu.parameters.affinity !== undefined) this.pinned -= 1;
    this.weight -= vcpu.weight;
    this.#moment = this.members.length === 0 ? 0 : this.#moment - vcpu.weight * vcpu.virtualTime;
    this.longestSlice = this.members.reduce((longest, { slice }) => Math.max(longest, slice), 0);
  }

  /** A member used `ranFor` nanoseconds. */
  charge(vcpu: EevdfVcpu, ranFor: number): void {
    const scaled = ranFor * SCALE + vcpu.residue;
    const moved = Math.floor(scaled / vcpu.weight);
    vcpu.residue = scaled % vcpu.weight;
    this.move(vcpu, moved);
  }

  /** Moves a member in virtual time, and its deadline stays. */
  move(vcpu: EevdfVcpu, by: number): void {
    vcpu.virtualTime += by;
    this.#moment += vcpu.weight * by;
    if (Math.abs(this.#moment) > REBASE_ABOVE) this.#rebase();
  }

  /** A member asks for another slice. */
  request(vcpu: EevdfVcpu): void {
    vcpu.requestLeft = vcpu.slice;
    vcpu.deadline = vcpu.virtualTime + this.length(vcpu);
  }

  /** A slice of a member in virtual time. */
  length(vcpu: EevdfVcpu): number {
    return Math.ceil((vcpu.slice * SCALE) / vcpu.weight);
  }

  /** Counts from V on. */
  #rebase(): void {
    const base = Math.floor(this.#moment / this.weight);
    this.#moment = 0;
    for (const vcpu of this.members) {
      const limit = Math.floor(MOST_LAG / vcpu.weight);
      const moved = Math.min(Math.max(vcpu.virtualTime - base, -limit), limit);
      vcpu.deadline += moved - vcpu.virtualTime;
      vcpu.virtualTime = moved;
      this.#moment += vcpu.weight * moved;
    }
  }
}
