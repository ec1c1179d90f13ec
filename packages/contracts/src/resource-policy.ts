import { defineManyToken, type Token } from './token.ts';

/** What a guest may have of something: whole numbers of thousandths of a pCPU, or of bytes. */
export interface ResourceClaim {
  /** Against the shares of others, where there is not enough for all; at least 1. */
  readonly shares: number;
  /** There whenever it wants it. Default 0. */
  readonly reservation?: number;
  /** Never more than this; absent: no limit but the guest's size. */
  readonly limit?: number;
}

/** A guest as its owner describes it. */
export interface GuestClaims {
  readonly guest: string;
  readonly vcpus: number;
  readonly cpu: ResourceClaim;
  /** `size` bytes is what the guest takes for its RAM; `overhead` what the host needs besides, all of it reserved. */
  readonly memory: ResourceClaim & { readonly size: number; readonly overhead?: number };
  /** Guests of one salt may share pages that are equal; absent: with nobody. */
  readonly salt?: string;
}

/** What a host has for guests. */
export interface HostCapacity {
  /** Thousandths of a pCPU: 4000 are four. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** What there is too little of for one more guest. */
export interface Shortage {
  readonly resource: 'cpu' | 'memory';
  /** What the guest asks to be reserved, and what can be. */
  readonly asked: number;
  readonly free: number;
  /** For people: what, how much, and by how much it is short. */
  readonly message: string;
}

export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly short: readonly Shortage[] };

/** What a guest would use if it were alone on the host, in thousandths of a pCPU. */
export interface CpuDemand {
  readonly claims: GuestClaims;
  readonly demand: number;
}

/** Memory of a guest as measured. */
export interface MemoryUse {
  readonly claims: GuestClaims;
  /** Bytes of the host's memory that hold its RAM. */
  readonly held: number;
  /** The part of them that it uses, 0 to 1. */
  readonly active: number;
}

/** How short of free memory a host is, from not at all to desperately. */
export type MemoryState = 'high' | 'clear' | 'soft' | 'hard' | 'low';

/** What a host does about it. `block`: guests that want more memory wait. */
export type Reclaim = 'share' | 'balloon' | 'compress' | 'swap' | 'block';

/** Follows the free memory of a host. */
export interface MemoryWatch {
  readonly state: MemoryState;
  /** What to do in this state. */
  readonly reclaims: readonly Reclaim[];
  /** Bytes to win before this state is left. */
  readonly wanted: number;
  /** Bytes that may be given away before state `high` is in doubt: those above its own mark. */
  readonly spare: number;
  /** Says how many bytes are free now. */
  update(free: number): MemoryState;
}

/** Who gets how much of a host's CPU and memory. It measures nothing and moves nothing: the host does. */
export interface ResourcePolicy {
  readonly name: string;
  /** Whether one more guest can be powered on beside those that are. Throws a coded error for claims that are none. */
  admit(host: HostCapacity, running: readonly GuestClaims[], candidate: GuestClaims): Admission;
  /** What each should have of `capacity` thousandths of a pCPU, in the order of `demands`. */
  divideCpu(capacity: number, demands: readonly CpuDemand[]): readonly number[];
  /** From whom to take `bytes`, in the order of `uses`; less in all when reservations do not leave as much. */
  revokeMemory(bytes: number, uses: readonly MemoryUse[]): readonly number[];
  /** Whether two guests may share pages that are equal. */
  mayShare(one: GuestClaims, other: GuestClaims): boolean;
  /** Begins in state `high`. */
  watchMemory(host: HostCapacity): MemoryWatch;
}

export const ResourcePolicyToken: Token<ResourcePolicy> = defineManyToken('vivarium/resource-policy', 1);
