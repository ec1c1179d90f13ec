import type { CpuReservation } from '@vivarium/contracts';

/**
 * Whether global EDF is known to give every reservation its budget in every period on so many pCPUs: U ≤ m − (m − 1) ·
 * u_max, where U is the sum of budget/period and u_max the largest of them (J. Goossens, S. Funk, S. Baruah,
 * "Priority-Driven Scheduling of Periodic Task Systems on Multiprocessors", 2003). On one pCPU that is U ≤ 1, and exact;
 * on more a set that fails may still work.
 */
export const isSchedulable = (reservations: readonly CpuReservation[], pcpus: number): boolean => {
  const utilizations = reservations.map(({ budget, period }) => budget / period);
  const sum = utilizations.reduce((total, utilization) => total + utilization, 0);
  const largest = Math.max(0, ...utilizations);
  // Sums of fractions are off by some units in the last place.
  return pcpus > 0 && largest <= 1 && sum <= pcpus - (pcpus - 1) * largest + 1e-9;
};
