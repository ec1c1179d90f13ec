import type { CpuReservation } from '@vivarium/contracts';
import { alwaysRunnable, Simulation, type Workload } from '@vivarium/scheduler-sim';
import fc from 'fast-check';
import { isSchedulable, Rtds } from '../src/index.ts';

export const MILLISECOND = 1_000_000;

const period = fc.constantFrom(1, 2, 3, 4, 5, 8, 10, 12, 20, 33).map((length) => length * MILLISECOND);

const reservation = fc
  .tuple(period, fc.double({ min: 0.01, max: 1, noNaN: true }))
  .map(([length, part]): CpuReservation => ({ period: length, budget: Math.max(10_000, Math.floor(length * part)) }));

/** Sets that are schedulable on so many pCPUs, most of them as full as they can be. */
export const schedulableSets = (pcpus: number): fc.Arbitrary<readonly CpuReservation[]> =>
  fc.array(reservation, { minLength: 1, maxLength: 12 }).map((candidates) => {
    const taken: CpuReservation[] = [];
    for (const candidate of candidates) {
      // Smaller when it does not fit otherwise.
      for (const divisor of [1, 2, 4, 8]) {
        const smaller = { ...candidate, budget: Math.max(10_000, Math.floor(candidate.budget / divisor)) };
        if (!isSchedulable([...taken, smaller], pcpus)) continue;
        taken.push(smaller);
        break;
      }
    }
    return taken;
  });

/** One vCPU for each reservation, which always wants to run unless said otherwise. */
export const simulate = (
  reservations: readonly CpuReservation[],
  pcpus: number,
  workload: (id: number) => Workload = alwaysRunnable,
  seed = 1,
): Simulation => {
  const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [...Array(pcpus).keys()], seed, trace: true });
  for (const [id, reserved] of reservations.entries()) {
    simulation.spawn(id, { domain: `guest-${id}`, reservation: reserved }, workload(id));
  }
  return simulation;
};

/** What vCPU `id` used in each period that was over by `now`. */
export const usedInPeriods = (
  simulation: Simulation,
  reservations: readonly CpuReservation[],
  id: number,
): readonly number[] => {
  const length = reservations[id].period;
  return simulation.trace.usedByPeriod(new Set([id]), length, 0, Math.floor(simulation.now / length));
};
