import type { PcpuId } from '@vivarium/contracts';
import { Vcpu } from '@vivarium/vcpu-accounting';

const MILLISECOND = 1_000_000;

/** Credit at the start and at each reset, in nanoseconds of the heaviest vCPU. */
export const INITIAL_CREDIT = 10 * MILLISECOND;
/** Credit never falls below this, so one long run is forgiven after two resets. */
const LEAST_CREDIT = -INITIAL_CREDIT;
/** Credit after a reset: what was left over counts up to half a millisecond. */
const MOST_CREDIT = INITIAL_CREDIT + 0.5 * MILLISECOND;

/** A vCPU with its credit. */
export class Credit2Vcpu extends Vcpu {
  credit = INITIAL_CREDIT;
  /** Of the last division by the weight. */
  #residue = 0;
  /** Where it competes; kept over sleep. */
  queue: RunQueue | undefined;

  get weight(): number {
    return this.parameters.weight;
  }

  /** Burns credit for `ranFor`: faster the less it weighs beside the heaviest of its queue. */
  burn(ranFor: number, heaviest: number): void {
    const burnt = ranFor * heaviest + this.#residue;
    this.#residue = burnt % this.weight;
    this.credit = Math.max(LEAST_CREDIT, this.credit - Math.floor(burnt / this.weight));
  }

  /** Credit when it has run for `ranFor` more. */
  creditAfter(ranFor: number, heaviest: number): number {
    return this.credit - (ranFor * heaviest) / this.weight;
  }

  /** In how long it burns `credit`. */
  timeFor(credit: number, heaviest: number): number {
    return (credit * this.weight) / heaviest;
  }

  renew(): void {
    this.credit = Math.min(MOST_CREDIT, this.credit + INITIAL_CREDIT);
  }

  /** With another weight a residue means something else. */
  dropResidue(): void {
    this.#residue = 0;
  }
}

/** Some pCPUs that take their vCPUs from one queue. */
export class RunQueue {
  readonly pcpus = new Set<PcpuId>();
  /** All that belong here, also those that sleep: a reset is for them, too. */
  readonly members = new Set<Credit2Vcpu>();
  /** Those that are ready or run. */
  active = 0;
  /** Weight of the heaviest member. */
  heaviest = 1;

  /** vCPUs that want to run for each pCPU. */
  get load(): number {
    return this.pcpus.size === 0 ? Number.POSITIVE_INFINITY : this.active / this.pcpus.size;
  }

  accepts(vcpu: Credit2Vcpu): boolean {
    for (const pcpu of this.pcpus) if (vcpu.mayRunOn(pcpu)) return true;
    return false;
  }

  add(vcpu: Credit2Vcpu): void {
    vcpu.queue = this;
    this.members.add(vcpu);
    this.heaviest = Math.max(this.heaviest, vcpu.weight);
  }

  delete(vcpu: Credit2Vcpu): void {
    if (vcpu.queue === this) vcpu.queue = undefined;
    this.members.delete(vcpu);
    this.reweigh();
  }

  reweigh(): void {
    this.heaviest = 1;
    for (const { weight } of this.members) this.heaviest = Math.max(this.heaviest, weight);
  }
}
