import type { Admission, GuestClaims, HostCapacity, Shortage } from '@vivarium/contracts';
import { checkClaims } from './claims.ts';

/** What cannot be given to anybody else once the guest runs. */
const reserved = ({ cpu, memory }: GuestClaims) => ({
  cpu: cpu.reservation ?? 0,
  memory: (memory.reservation ?? 0) + (memory.overhead ?? 0),
});

/** A guest may be powered on when what it has reserved fits beside what others have. Throws `VIV_SHARES_CLAIM`. */
export const admit = (host: HostCapacity, running: readonly GuestClaims[], candidate: GuestClaims): Admission => {
  checkClaims(candidate);
  const short: Shortage[] = [];
  for (const resource of ['cpu', 'memory'] as const) {
    const taken = running.reduce((sum, claims) => sum + reserved(claims)[resource], 0);
    const free = Math.max(0, host[resource] - taken);
    const asked = reserved(candidate)[resource];
    if (asked <= free) continue;
    const unit = resource === 'cpu' ? 'thousandths of a pCPU' : 'bytes';
    const message =
      `${resource}: "${candidate.guest}" reserves ${asked} ${unit}, ${free} of ${host[resource]} are not reserved, ` +
      `${asked - free} are missing`;
    short.push({ resource, asked, free, message });
  }
  return short.length === 0 ? { admitted: true } : { admitted: false, short };
};
