import { Credit2 } from '@vivarium/scheduler-credit2';
import { alwaysRunnable, bursty, interactive, Random, tickEvasion } from '@vivarium/scheduler-sim';
import { attackCheck, type Check, MILLISECOND, milliseconds, percent, SECOND, simulate } from './check.ts';

const make = (): Credit2 => new Credit2({ rateLimit: MILLISECOND, pcpusPerQueue: 16 });

const always = (weights: readonly number[]) => weights.map((weight) => ({ weight, workload: alwaysRunnable() }));

export const credit2Checks: readonly Check[] = [
  {
    scheduler: 'credit2',
    workload: 'weights 1 : 2, 1 pCPU',
    bound: '|lag| ≤ 1 ms',
    measure: (scale) => {
      let decisions = 0;
      let worst = 0;
      for (const weights of [
        [1, 2],
        [256, 512],
        [5000, 10_000],
      ]) {
        const simulation = simulate(make(), 1, always(weights));
        simulation.runUntil(60 * SECOND * scale);
        const report = simulation.report();
        decisions += report.decisions;
        for (const { mostLag, leastLag } of report.vcpus) worst = Math.max(worst, mostLag, -leastLag);
      }
      return { measured: milliseconds(worst), holds: worst <= MILLISECOND, decisions };
    },
  },
  {
    scheduler: 'credit2',
    workload: 'guests of 1-4 vCPUs of all kinds, caps of 0.02-2.5 pCPUs, 1-3 pCPUs',
    bound: 'any 100 ms ≤ cap',
    measure: (scale) => {
      const random = new Random(77);
      const kinds = [
        alwaysRunnable,
        () => bursty(3 * MILLISECOND, 2 * MILLISECOND),
        () => interactive(200_000, 500_000),
        () => tickEvasion('sleep'),
      ];
      let decisions = 0;
      let most = 0;
      for (let set = 0; set < 60 * scale; set += 1) {
        const cap = random.between(20, 2500);
        const capped = Array.from({ length: random.between(1, 4) }, () => ({
          domain: 'capped',
          cap,
          workload: kinds[random.between(0, 3)](),
        }));
        const beside = { domain: 'free', workload: bursty(MILLISECOND, 2 * MILLISECOND) };
        const simulation = simulate(make(), random.between(1, 3), [...capped, beside], { seed: set + 1, trace: true });
        simulation.runUntil(SECOND);
        decisions += simulation.report().decisions;
        const used = simulation.trace.mostUsedIn(new Set(capped.keys()), 100 * MILLISECOND);
        most = Math.max(most, used / (cap * 100_000));
      }
      return { measured: `${percent(most)} of it at most`, holds: most <= 1, decisions };
    },
  },
  {
    scheduler: 'credit2',
    workload: 'weights 10 : 100 : 1000, 1 pCPU (known weakness)',
    bound: 'shown: smallest has over 4% for 0.9%',
    measure: (scale) => {
      const simulation = simulate(make(), 1, always([10, 100, 1000]));
      simulation.runUntil(60 * SECOND * scale);
      const { vcpus, decisions } = simulation.report();
      return { measured: `smallest ${percent(vcpus[0].share)}`, holds: vcpus[0].share > 0.04, decisions };
    },
  },
  {
    scheduler: 'credit2',
    workload: 'weights 256, 512, 1024, 256, 2 pCPUs (known weakness)',
    bound: 'shown: largest lacks 2% of a pCPU',
    measure: (scale) => {
      const shares: number[] = [];
      let decisions = 0;
      for (const quantum of [1, MILLISECOND]) {
        const simulation = simulate(make(), 2, always([256, 512, 1024, 256]), { quantum });
        simulation.runUntil(60 * SECOND * scale);
        const report = simulation.report();
        decisions += report.decisions;
        shares.push(report.vcpus[2].share);
      }
      const [prompt, slow] = shares;
      const measured = `${percent(prompt)}; ${percent(slow)} when guests look every ms`;
      return { measured, holds: prompt < 0.98 && slow < prompt, decisions };
    },
  },
  attackCheck('credit2', make, 0.505),
];
