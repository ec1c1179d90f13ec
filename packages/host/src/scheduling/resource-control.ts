import type {
  CpuDemand,
  GuestClaims,
  HostCapacity,
  ResourcePolicy,
  VcpuChange,
  VcpuParameters,
  VcpuStats,
} from '@vivarium/contracts';
import { errors } from '../errors.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Guest } from './guest.ts';

declare const setInterval: (callback: () => void, milliseconds: number) => unknown;
declare const clearInterval: (handle: unknown) => void;

/** What a control is made of. */
export interface ResourceControlOptions {
  readonly policy: ResourcePolicy;
  readonly dispatcher: Dispatcher;
  /** Bytes of memory that the host has for guests. */
  readonly memory: number;
}

/** Milliseconds between two looks at what guests want. */
const LOOK = 1000;
/** Of weights, for a thousandth of a pCPU: weights go to 10,000, and no vCPU is entitled to more than one pCPU. */
const WEIGHTS_PER_THOUSANDTH = 10;
const [LEAST_WEIGHT, MOST_WEIGHT] = [1, 10_000];

/** The part of the time that a vCPU wants at least to count as one that competes. */
const WANTS_SOME = 0.01;

/** A guest that was admitted. */
interface Admitted {
  claims: GuestClaims;
  /** What its vCPUs had done when they were looked at last, and what they wanted between the last two looks. */
  before: readonly VcpuStats[];
  wanted: readonly number[];
  applied: VcpuChange;
}

/**
 * Has a policy decide who is admitted and who gets how much CPU: tells it what guests want, and makes weights and caps
 * of what it answers. It looks when `update` is called, once a second or so: see `keepUpdated`.
 */
export class ResourceControl {
  readonly #policy: ResourcePolicy;
  readonly #dispatcher: Dispatcher;
  readonly #memory: number;
  readonly #admitted = new Map<string, Admitted>();

  constructor({ policy, dispatcher, memory }: ResourceControlOptions) {
    this.#policy = policy;
    this.#dispatcher = dispatcher;
    this.#memory = memory;
  }

  /** What the host has for guests. */
  get capacity(): HostCapacity {
    return { cpu: this.#dispatcher.pcpus.length * 1000, memory: this.#memory };
  }

  /** Those that are admitted. */
  get claims(): readonly GuestClaims[] {
    return [...this.#admitted.values()].map(({ claims }) => claims);
  }

  /**
   * Sets aside what a guest is to have, before its machine is made, until it is released. Throws `VIV_HOST_ADMISSION`
   * for one that does not fit, and what the policy throws for claims that are none.
   */
  admit(claims: GuestClaims): void {
    if (this.#admitted.has(claims.guest)) {
      throw errors.make('VIV_HOST_ADMISSION', `guest "${claims.guest}" is admitted already`);
    }
    this.#check(claims);
    this.#admitted.set(claims.guest, { claims, before: [], wanted: [], applied: {} });
  }

  /** Looks once a second, until what it gives back is called. `onTrouble` hears of what the policy throws. */
  keepUpdated(onTrouble: (error: unknown) => void): () => void {
    const timer = setInterval(() => {
      try {
        this.update();
      } catch (error) {
        onTrouble(error);
      }
    }, LOOK);
    // A process that is done does not wait for it.
    (timer as { unref?(): void }).unref?.();
    return () => clearInterval(timer);
  }

  /** Other claims for a guest that is there, in force at once. Throws like `admit`; the old ones stay then. */
  change(claims: GuestClaims): void {
    const admitted = this.#require(claims.guest);
    this.#check(claims);
    admitted.claims = claims;
    this.#divide();
  }

  /** Gives back what was set aside. */
  release(guest: string): void {
    this.#admitted.delete(guest);
  }

  /** What a scheduler is to be told of each vCPU of a guest when it is attached. Throws `VIV_HOST_ADMISSION`. */
  parameters(guest: string): Omit<VcpuParameters, 'domain'> {
    const { claims } = this.#require(guest);
    const all = this.claims;
    const parts = this.#policy.divideCpu(this.capacity.cpu, all.map(atMost));
    return { weight: weightOf(parts[all.indexOf(claims)], claims.vcpus), ...capOf(claims) };
  }

  /** Looks at what guests have done since the last time, and changes their weights and caps accordingly. */
  update(): void {
    for (const guest of this.#dispatcher.guests) {
      const admitted = this.#admitted.get(guest.name);
      if (admitted === undefined) continue;
      const { stats } = guest;
      admitted.wanted = stats.map((now, vcpu) => demandOf(now, admitted.before[vcpu]));
      admitted.before = stats;
    }
    this.#divide();
  }

  #check(claims: GuestClaims): void {
    const others = this.claims.filter(({ guest }) => guest !== claims.guest);
    const admission = this.#policy.admit(this.capacity, others, claims);
    if (admission.admitted) return;
    const short = admission.short.map(({ message }) => message).join('; ');
    throw errors.make('VIV_HOST_ADMISSION', `guest "${claims.guest}" is not admitted: ${short}`, {
      details: { short: admission.short },
    });
  }

  #require(guest: string): Admitted {
    const admitted = this.#admitted.get(guest);
    if (admitted === undefined) throw errors.make('VIV_HOST_ADMISSION', `guest "${guest}" was not admitted`);
    return admitted;
  }

  #divide(): void {
    for (const pool of this.#dispatcher.pools) {
      const here = this.#dispatcher.guests.flatMap((guest) => {
        const admitted = this.#admitted.get(guest.name);
        const own = admitted !== undefined && this.#dispatcher.poolOf(guest.name) === pool.name;
        return own ? [{ guest, admitted }] : [];
      });
      const capacity = pool.pcpus.length * 1000;
      const wanted = here.map(({ admitted }) => asMeasured(admitted));
      const parts = this.#policy.divideCpu(capacity, wanted);
      // Who wants little gets what it wants, whatever its weight; when it wants more it is to have its part at once.
      const entitled = this.#policy.divideCpu(
        capacity,
        here.map(({ admitted }) => atMost(admitted.claims)),
      );
      for (const [index, { guest, admitted }] of here.entries()) {
        this.#apply(guest, admitted, Math.max(parts[index], entitled[index]));
      }
    }
  }

  #apply(guest: Guest, admitted: Admitted, part: number): void {
    const competing = admitted.wanted.filter((wanted) => wanted >= WANTS_SOME).length;
    const weight = weightOf(part, Math.max(competing, 1));
    const change = { weight, cap: 0, ...capOf(admitted.claims) };
    if (change.weight === admitted.applied.weight && change.cap === admitted.applied.cap) return;
    guest.change(change);
    admitted.applied = change;
  }
}

/**
 * The part of a pCPU that a vCPU would have had since `before`, if it had not waited for one: what it ran beside what it
 * slept. Exact for who always runs and for who sleeps between two pieces of work; a little high for who works by a timer.
 */
const demandOf = (now: VcpuStats, before: VcpuStats | undefined): number => {
  const ran = now.run - (before?.run ?? 0);
  const slept = now.blocked - (before?.blocked ?? 0);
  if (ran + slept > 0) return ran / (ran + slept);
  return now.ready > (before?.ready ?? 0) ? 1 : 0;
};

const asMeasured = ({ claims, wanted }: Admitted): CpuDemand => ({
  claims,
  demand: Math.min(Math.ceil(wanted.reduce((sum, each) => sum + each, 0) * 1000), claims.vcpus * 1000),
});

const atMost = (claims: GuestClaims): CpuDemand => ({ claims, demand: claims.vcpus * 1000 });

const weightOf = (part: number, vcpus: number): number =>
  Math.min(Math.max(Math.round((part / vcpus) * WEIGHTS_PER_THOUSANDTH), LEAST_WEIGHT), MOST_WEIGHT);

const capOf = ({ cpu: { limit }, vcpus }: GuestClaims): { readonly cap?: number } =>
  limit === undefined || limit >= vcpus * 1000 ? {} : { cap: limit };
