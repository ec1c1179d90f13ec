import type { EevdfVcpu } from './eevdf-vcpu.ts';
import { SCALE, type VirtualTime } from './virtual-time.ts';

interface Group {
  readonly members: EevdfVcpu[];
  weight: number;
  /** Scaled nanoseconds that its members are behind, together. */
  lag: number;
}

/**
 * Keeps those that may run on the same pCPUs within reach of V, as a whole. Weights that ask more of some pCPUs than
 * these have cannot be served: their vCPUs would fall behind for ever and all others get ahead, until lags mean nothing
 * and order nothing. So a group is behind or ahead by no more than a slice for each of its members; what goes beyond
 * that is forgiven to all of them alike, and they keep their order. Where weights can be served nobody is that far off.
 */
export const keepWithinReach = (time: VirtualTime, virtualNow: number, now: number): void => {
  const groups = new Map<string | undefined, Group>();
  for (const vcpu of time.members) {
    const group = groups.get(vcpu.pins) ?? { members: [], weight: 0, lag: 0 };
    groups.set(vcpu.pins, group);
    group.members.push(vcpu);
    group.weight += vcpu.weight;
    const elapsed = vcpu.pcpu === undefined ? 0 : now - vcpu.chargedAt;
    group.lag += time.lag(vcpu, virtualNow) - elapsed * SCALE;
  }
  for (const { members, weight, lag } of groups.values()) {
    const reach = members.length * time.longestSlice * SCALE;
    const beyond = Math.abs(lag) - reach;
    if (beyond <= 0) continue;
    const by = Math.sign(lag) * Math.floor(beyond / weight);
    for (const vcpu of members) {
      time.move(vcpu, by);
      vcpu.deadline += by;
    }
  }
};
