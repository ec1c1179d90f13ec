import type { GuestClaims, ResourceClaim } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** Thousandths of a pCPU that all vCPUs of a guest can use. */
export const cpuSize = ({ vcpus }: GuestClaims): number => vcpus * 1000;

/** The most a guest may have, of `size` that it could use. */
export const most = ({ limit }: ResourceClaim, size: number): number => Math.min(limit ?? size, size);

/** Throws `VIV_SHARES_CLAIM` for claims that contradict themselves. */
export const checkClaims = (claims: GuestClaims): void => {
  const { guest, vcpus, cpu, memory } = claims;
  const refuse = (problem: string) => errors.make('VIV_SHARES_CLAIM', `guest "${guest}": ${problem}`);
  const check = (name: string, value: number, least: number): void => {
    if (Number.isSafeInteger(value) && value >= least) return;
    throw refuse(`${name} is ${value}; it is a whole number, at least ${least}`);
  };
  check('vcpus', vcpus, 1);
  check('memory size', memory.size, 1);
  check('memory overhead', memory.overhead ?? 0, 0);
  const resources = [
    ['cpu', cpu, cpuSize(claims)],
    ['memory', memory, memory.size],
  ] as const;
  for (const [name, claim, size] of resources) {
    const { shares, reservation = 0, limit = size } = claim;
    check(`${name} shares`, shares, 1);
    check(`${name} reservation`, reservation, 0);
    check(`${name} limit`, limit, 0);
    if (reservation <= most(claim, size)) continue;
    throw refuse(`${name} reservation ${reservation} is above its limit or size, ${most(claim, size)}`);
  }
};
