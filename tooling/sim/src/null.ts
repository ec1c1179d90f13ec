import { Null } from '@vivarium/scheduler-null';
import { alwaysRunnable, bursty, interactive, tickEvasion } from '@vivarium/scheduler-sim';
import { type Check, type Guest, MILLISECOND, percent, SECOND, simulate } from './check.ts';

/** By how much what two guests get done changes with neighbours. */
const besideCheck = (workload: string, neighbours: readonly Guest[]): Check => ({
  scheduler: 'null',
  workload,
  bound: 'throughput changes ≤ 2%',
  measure: (scale) => {
    let decisions = 0;
    const [alone, beside] = [[], neighbours].map((others) => {
      const guests = [
        { workload: bursty(4 * MILLISECOND, MILLISECOND) },
        { workload: interactive(200_000, 3 * MILLISECOND) },
      ];
      const simulation = simulate(new Null(), 3, [...guests, ...others], { seed: 9 });
      simulation.runUntil(30 * SECOND * scale);
      decisions += simulation.report().decisions;
      return [simulation.service(0), simulation.service(1)];
    });
    const worst = Math.max(...alone.map((service, index) => Math.abs(beside[index] / service - 1)));
    return { measured: percent(worst), holds: worst <= 0.02, decisions };
  },
});

export const nullChecks: readonly Check[] = [
  besideCheck(
    'two guests on pCPUs of their own, beside eight that saturate a third',
    Array.from({ length: 8 }, () => ({ weight: 10_000, workload: alwaysRunnable() })),
  ),
  besideCheck('two guests, beside one that yields after 9.5 ms of each 10 ms tick', [
    { workload: tickEvasion('yield') },
  ]),
];
