import type { CpuReservation } from '@vivarium/contracts';
import { isSchedulable, Rtds } from '@vivarium/scheduler-rtds';
import {
  alwaysRunnable,
  bursty,
  interactive,
  Random,
  type Simulation,
  tickEvasion,
  type Workload,
} from '@vivarium/scheduler-sim';
import { attackCheck, type Check, type Measurement, MILLISECOND, percent, simulate } from './check.ts';

const PERIODS = [1, 2, 3, 4, 5, 8, 10, 12, 20, 33];

/** A random set that is schedulable on so many pCPUs, and nearly as full as it can be. */
const schedulableSet = (random: Random, pcpus: number): readonly CpuReservation[] => {
  const taken: CpuReservation[] = [];
  for (let candidate = random.between(1, 12); candidate > 0; candidate -= 1) {
    const period = PERIODS[random.between(0, PERIODS.length - 1)] * MILLISECOND;
    for (let part = 0.02 + 0.98 * random.fraction(); part > 0.01; part /= 2) {
      const reservation = { period, budget: Math.max(10_000, Math.floor(period * part)) };
      if (!isSchedulable([...taken, reservation], pcpus)) continue;
      taken.push(reservation);
      break;
    }
  }
  return taken;
};

const run = (
  reservations: readonly CpuReservation[],
  pcpus: number,
  workload: (id: number) => Workload,
  seed: number,
): Simulation => {
  const guests = reservations.map((reservation, id) => ({ reservation, workload: workload(id) }));
  const simulation = simulate(new Rtds(), pcpus, guests, { seed, trace: true });
  simulation.runUntil(400 * MILLISECOND);
  return simulation;
};

/** What each vCPU used in each of its periods, as a part of its budget. */
const usedParts = (simulation: Simulation, reservations: readonly CpuReservation[]): readonly number[] =>
  reservations.flatMap(({ budget, period }, id) =>
    simulation.trace
      .usedByPeriod(new Set([id]), period, 0, Math.floor(simulation.now / period))
      .map((used) => used / budget),
  );

const misses = (sets: Iterable<readonly [readonly CpuReservation[], number]>) => {
  let [missed, periods, decisions, fullest] = [0, 0, 0, 0];
  for (const [reservations, pcpus] of sets) {
    const simulation = run(reservations, pcpus, alwaysRunnable, 1);
    const parts = usedParts(simulation, reservations);
    missed += parts.filter((part) => part < 1).length;
    periods += parts.length;
    decisions += simulation.report().decisions;
    fullest = Math.max(fullest, reservations.reduce((sum, { budget, period }) => sum + budget / period, 0) / pcpus);
  }
  return { missed, periods, decisions, fullest };
};

const noMiss = (sets: Iterable<readonly [readonly CpuReservation[], number]>): Measurement => {
  const { missed, periods, decisions, fullest } = misses(sets);
  const measured = `${missed} of ${periods}, up to ${percent(fullest, 1)} full`;
  return { measured, holds: missed === 0, decisions };
};

const half: CpuReservation = { budget: 5 * MILLISECOND, period: 10 * MILLISECOND };

export const rtdsChecks: readonly Check[] = [
  {
    scheduler: 'rtds',
    workload: '1-12 reservations, 1-4 pCPUs, guests of all kinds, no extra time',
    bound: 'every period ≤ budget',
    measure: (scale) => {
      const random = new Random(3);
      const kinds = [
        alwaysRunnable,
        () => bursty(2 * MILLISECOND, 3 * MILLISECOND),
        () => interactive(300_000, 2 * MILLISECOND),
        () => tickEvasion('sleep'),
        () => tickEvasion('yield'),
      ];
      let [most, decisions] = [0, 0];
      for (let set = 1; set <= 100 * scale; set += 1) {
        const reservations = schedulableSet(random, random.between(1, 4));
        const simulation = run(reservations, random.between(1, 4), (id) => kinds[(id + set) % kinds.length](), set);
        most = Math.max(most, ...usedParts(simulation, reservations));
        decisions += simulation.report().decisions;
      }
      return { measured: `${percent(most)} of it at most`, holds: most <= 1, decisions };
    },
  },
  {
    scheduler: 'rtds',
    workload: '1-12 reservations with U ≤ 1, 1 pCPU, always wanted',
    bound: 'no period short',
    measure: (scale) => {
      const random = new Random(11);
      return noMiss(Array.from({ length: 150 * scale }, () => [schedulableSet(random, 1), 1] as const));
    },
  },
  {
    scheduler: 'rtds',
    workload: '1-12 reservations with U ≤ m − (m − 1) · u_max, m = 2-6',
    bound: 'no period short',
    measure: (scale) => {
      const random = new Random(12);
      const sets = Array.from({ length: 150 * scale }, () => {
        const pcpus = random.between(2, 6);
        return [schedulableSet(random, pcpus), pcpus] as const;
      });
      return noMiss(sets);
    },
  },
  {
    scheduler: 'rtds',
    workload: 'Dhall: 1/10, 1/10 and 9.9/10.1 ms, 2 pCPUs (negative control)',
    bound: 'refused, and does miss',
    measure: () => {
      const light = { budget: MILLISECOND, period: 10 * MILLISECOND };
      const dhall = [light, light, { budget: 9.9 * MILLISECOND, period: 10.1 * MILLISECOND }];
      const { missed, periods, decisions } = misses([[dhall, 2]]);
      return { measured: `${missed} of ${periods} short`, holds: !isSchedulable(dhall, 2) && missed > 0, decisions };
    },
  },
  attackCheck(
    'rtds',
    () => new Rtds(),
    0.5,
    () => ({ reservation: half }),
  ),
];
