import type { CpuDemand } from '@vivarium/contracts';
import { cpuSize, most } from './claims.ts';

/** One that has a part of something: in proportion to `weight`, but at least `floor` and at most `ceiling`. */
export interface Portion {
  readonly weight: number;
  readonly floor: number;
  readonly ceiling: number;
}

const partOf = ({ weight, floor, ceiling }: Portion, level: number): number =>
  Math.min(Math.max(level * weight, floor), ceiling);

/**
 * Whole parts of `amount`, by the one level at which they use it up: the part of each is level × weight, unless its
 * floor or its ceiling is in the way. When floors alone are more than there is, they are cut in proportion.
 */
export const divide = (amount: number, portions: readonly Portion[]): readonly number[] => {
  const floors = portions.reduce((sum, { floor }) => sum + floor, 0);
  if (floors > amount) return portions.map(({ floor }) => Math.floor((floor / floors) * Math.max(0, amount)));
  const used = (level: number): number => portions.reduce((sum, portion) => sum + partOf(portion, level), 0);
  // The sum grows with the level, in straight lines between the levels at which a part leaves its floor or reaches its
  // ceiling.
  const bends = portions
    .flatMap(({ weight, floor, ceiling }) => [floor / weight, ceiling / weight])
    .sort((one, other) => one - other);
  let low = 0;
  for (const bend of bends) {
    if (used(bend) > amount) {
      const [from, to] = [used(low), used(bend)];
      const level = low + ((amount - from) / (to - from)) * (bend - low);
      return wholeParts(amount, portions, level);
    }
    low = bend;
  }
  return portions.map(({ ceiling }) => ceiling);
};

/** The parts at a level as whole numbers that add up to `amount`: those are rounded up that lose most otherwise. */
const wholeParts = (amount: number, portions: readonly Portion[], level: number): readonly number[] => {
  const exact = portions.map((portion) => partOf(portion, level));
  const parts = exact.map((part) => Math.floor(part));
  const lost = (index: number): number => (exact[index] ?? 0) - (parts[index] ?? 0);
  let left = amount - parts.reduce((sum, part) => sum + part, 0);
  for (const index of [...parts.keys()].sort((one, other) => lost(other) - lost(one))) {
    const part = parts[index] ?? 0;
    if (left <= 0 || part >= (portions[index]?.ceiling ?? 0)) continue;
    parts[index] = part + 1;
    left -= 1;
  }
  return parts;
};

/**
 * Division of CPU: nobody has more than it wants or its limit, or less than its reservation as far as it wants that, and
 * otherwise all have by their shares. So a reservation that is not used is lent out.
 */
export const divideCpu = (capacity: number, demands: readonly CpuDemand[]): readonly number[] =>
  divide(
    capacity,
    demands.map(({ claims, demand }) => {
      const ceiling = Math.min(most(claims.cpu, cpuSize(claims)), Math.max(0, Math.floor(demand) || 0));
      return { weight: claims.cpu.shares, floor: Math.min(claims.cpu.reservation ?? 0, ceiling), ceiling };
    }),
  );
