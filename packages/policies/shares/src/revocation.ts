import type { MemoryUse } from '@vivarium/contracts';
import { divide } from './division.ts';

/** How much more a page costs a guest that does not use it, at a tax of `tax`: 4 at three quarters. */
export const idleCost = (tax: number): number => 1 / (1 - tax);

/** Pages for which a guest pays, each one for one it uses and {@link idleCost} for one it does not, for a page it has. */
const costOf = ({ active }: MemoryUse, tax: number): number => {
  const used = Math.min(1, Math.max(0, active || 0));
  return used + idleCost(tax) * (1 - used);
};

/** What a guest pays for a page: its shares over what its pages cost. Who pays least loses pages first. */
export const pagePrice = (use: MemoryUse, tax: number): number =>
  use.held === 0 ? Number.POSITIVE_INFINITY : use.claims.memory.shares / (use.held * costOf(use, tax));

/**
 * Takes memory from whoever pays least for it, until the next pays no more, and so on; nobody falls below its
 * reservation for it (C. Waldspurger, "Memory Resource Management in VMware ESX Server", OSDI 2002, section 5).
 */
export const revokeMemory = (bytes: number, uses: readonly MemoryUse[], tax: number): readonly number[] => {
  const portions = uses.map((use) => ({
    // Equal prices mean that what is held is in proportion to this.
    weight: use.claims.memory.shares / costOf(use, tax),
    floor: Math.min(use.claims.memory.reservation ?? 0, use.held),
    ceiling: use.held,
  }));
  const held = portions.reduce((sum, { ceiling }) => sum + ceiling, 0);
  const floors = portions.reduce((sum, { floor }) => sum + floor, 0);
  // Over all that can be taken, the division would cut into reservations.
  const left = Math.max(held - Math.max(0, bytes), floors);
  const kept = left === floors ? portions.map(({ floor }) => floor) : divide(left, portions);
  return uses.map((use, index) => use.held - (kept[index] ?? use.held));
};
