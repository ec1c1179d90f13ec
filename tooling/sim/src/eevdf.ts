import { Eevdf } from '@vivarium/scheduler-eevdf';
import { alwaysRunnable, Random } from '@vivarium/scheduler-sim';
import { attackCheck, type Check, percent, SECOND, simulate } from './check.ts';

const SLICES = [700_000, 2_800_000, 28_000_000] as const;

const always = (weights: readonly number[]) => weights.map((weight) => ({ weight, workload: alwaysRunnable() }));

/** Random sets of vCPUs that always want to run, on 1 to 8 pCPUs, with slices of one length or mixed. */
const lagCheck = (slices: readonly number[]): Check => ({
  scheduler: 'eevdf',
  workload: `1-8 pCPUs, 2-20 vCPUs that compute, weights 1-1000, slices ${slices.map((one) => one / 1e6).join('/')} ms`,
  bound: '−r < lag < r',
  measure: (scale) => {
    const random = new Random(slices.length * 1000 + slices[0]);
    let decisions = 0;
    let [ahead, behind] = [0, 0];
    for (let set = 0; set < 250 * scale; set += 1) {
      const pcpus = random.between(1, 8);
      const guests = Array.from({ length: random.between(2, pcpus + 12) }, () => ({
        weight: random.fraction() < 0.3 ? 10 ** random.between(0, 3) : random.between(1, 1000),
        slice: slices[random.between(0, slices.length - 1)],
        workload: alwaysRunnable(),
      }));
      const simulation = simulate(new Eevdf(), pcpus, guests);
      const longest = Math.max(...guests.map(({ slice }) => slice));
      simulation.runUntil(200 * longest);
      const report = simulation.report();
      decisions += report.decisions;
      for (const { leastLag, mostLag } of report.vcpus) {
        ahead = Math.min(ahead, leastLag / longest);
        behind = Math.max(behind, mostLag / longest);
      }
    }
    const measured = `${ahead.toFixed(2)} r … ${behind.toFixed(2)} r`;
    return { measured, holds: ahead > -1 && behind < 1, decisions };
  },
});

export const eevdfChecks: readonly Check[] = [
  ...SLICES.map((slice) => lagCheck([slice])),
  lagCheck(SLICES),
  {
    scheduler: 'eevdf',
    workload: 'weights 10 : 100 : 1000, 1 pCPU',
    bound: 'shares within 1%',
    measure: (scale) => {
      const weights = [10, 100, 1000];
      const simulation = simulate(new Eevdf(), 1, always(weights));
      simulation.runUntil(60 * SECOND * Math.max(1, scale));
      const { vcpus, decisions } = simulation.report();
      const worst = Math.max(...vcpus.map(({ share }, index) => Math.abs((share * 1110) / weights[index] - 1)));
      return {
        measured: `off by ${percent(worst)}; smallest ${percent(vcpus[0].share)}`,
        holds: worst < 0.01,
        decisions,
      };
    },
  },
  {
    scheduler: 'eevdf',
    workload: 'weights 256, 512, 1024, 256, 2 pCPUs',
    bound: 'largest has a whole pCPU',
    measure: (scale) => {
      const simulation = simulate(new Eevdf(), 2, always([256, 512, 1024, 256]));
      simulation.runUntil(60 * SECOND * scale);
      const { vcpus, decisions } = simulation.report();
      const share = vcpus[2].share;
      return { measured: percent(share), holds: share > 0.9999, decisions };
    },
  },
  attackCheck('eevdf', () => new Eevdf(), 0.505),
];
