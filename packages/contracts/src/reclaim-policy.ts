import type { GuestClaims, HostCapacity, MemoryState, Reclaim } from './resource-policy.ts';
import { defineManyToken, type Token } from './token.ts';

/** Memory of one guest as measured, in bytes. */
export interface GuestMemoryFacts {
  readonly claims: GuestClaims;
  /** What the host has behind its RAM now, with what is compressed. */
  readonly held: number;
  /** The part of it that it looked at lately, 0 to 1. */
  readonly active: number;
  /** What is compressed takes so much, and may take so much. */
  readonly compressed: { readonly held: number; readonly most: number };
  /** What its swap file has, and may have. */
  readonly swapped: { readonly used: number; readonly most: number };
  /** Absent: it has no balloon, or no driver for one. */
  readonly balloon?: { readonly actual: number; readonly target: number; readonly limit: number };
}

export interface ReclaimFacts {
  /** Bytes of the host's memory for guests that nobody has; below 0 when they have more than there is. */
  readonly free: number;
  readonly guests: readonly GuestMemoryFacts[];
}

/** What is done about one guest, in bytes. */
export interface GuestReclaim {
  readonly guest: string;
  /** Its equal pages are found, and its pages of zeroes. */
  readonly share: boolean;
  /** What its balloon is asked to take; absent: as it is. */
  readonly balloon?: number;
  /** To win by compression, and to move to the swap file. */
  readonly compress: number;
  readonly swap: number;
  /** It runs no more until there is memory again. */
  readonly wait: boolean;
}

export interface ReclaimDecision {
  readonly state: MemoryState;
  /** What is done in this state at all. */
  readonly reclaims: readonly Reclaim[];
  /** In the order of the facts. */
  readonly guests: readonly GuestReclaim[];
}

/** Decides for one host, from one look at it to the next. */
export interface ReclaimWatch {
  decide(facts: ReclaimFacts): ReclaimDecision;
}

/** How a host whose guests have more RAM than there is memory comes by some. It is told facts, and touches no machine. */
export interface ReclaimPolicy {
  readonly name: string;
  watch(host: HostCapacity): ReclaimWatch;
}

export const ReclaimPolicyToken: Token<ReclaimPolicy> = defineManyToken('vivarium/reclaim-policy', 1);
