import { Simulation, type VcpuReport } from '@vivarium/scheduler-sim';
import { GUESTS, SCHEDULERS } from './mix.ts';
import { type Curve, type Plot, type Point, svg } from './plot.ts';

const [SAMPLE, SAMPLES] = [20_000_000, 100];

/** What one scheduler made of the mix: its plots, and a line of the table for each guest. */
const observe = (
  name: string,
  pcpus: number,
): { readonly plots: readonly Plot[]; readonly rows: readonly string[] } => {
  const simulation = new Simulation({ scheduler: SCHEDULERS[name](), pcpus: [...Array(pcpus).keys()] });
  let next = 0;
  const guests = GUESTS.map(({ name: domain, parameters, vcpus }) => {
    const ids = vcpus().map((workload) => {
      simulation.spawn(next, { domain, ...parameters }, workload);
      return next++;
    });
    const sum = (of: (id: number) => number): number => ids.reduce((total, id) => total + of(id), 0);
    return { name: domain, ids, sum, service: 0, share: [] as Point[], lag: [] as Point[] };
  });
  for (let now = SAMPLE; now <= SAMPLES * SAMPLE; now += SAMPLE) {
    simulation.runUntil(now);
    for (const guest of guests) {
      const service = guest.sum((id) => simulation.service(id));
      guest.share.push([now, (service - guest.service) / SAMPLE]);
      guest.lag.push([now, guest.sum((id) => simulation.lag(id)) / 1e6]);
      guest.service = service;
    }
  }
  const { vcpus, decisions } = simulation.report();
  const rows = guests.map(({ name: guest, ids, sum, service }) => {
    const { completed, late, stats } = vcpus[ids[0]];
    const cells = [
      (service / simulation.now).toFixed(3),
      ...[stats?.wakeLatency.p50 ?? 0, stats?.wakeLatency.p99 ?? 0].map((time) => (time / 1e6).toFixed(3)),
      completed === 0 ? '' : `${((late / completed) * 100).toFixed(1)}%`,
      (sum((id) => vcpus[id].spun) / 1e6).toFixed(0),
      `${decisions}`,
    ];
    return line([name, guest], cells);
  });
  const plots = [
    { title: `${name}: share, in pCPUs`, curves: guests.map(({ name, share }) => ({ name, points: share })) },
    { title: `${name}: lag, in ms`, curves: guests.map(({ name, lag }) => ({ name, points: lag })) },
    {
      title: `${name}: part of wakes served within 10^x ns`,
      curves: guests.map(({ name, ids }) => latency(name, vcpus[ids[0]])),
    },
  ];
  return { plots, rows };
};

const line = (names: readonly string[], cells: readonly string[]): string =>
  [...names.map((name) => name.padEnd(10)), ...cells.map((cell) => cell.padStart(10))].join('');

/** The part of its wakes that a guest did not wait longer for, by the logarithm of how long. */
const latency = (name: string, { stats }: VcpuReport): Curve => {
  const { buckets = [], count = 0 } = stats?.wakeLatency ?? {};
  let seen = 0;
  return {
    name,
    points: buckets.map(({ upTo, count: more }): Point => [Math.log10(upTo + 1), (seen += more) / count]),
  };
};

/** The mix under every scheduler: a picture as SVG, and a table. */
export const laboratory = (pcpus: number): { readonly picture: string; readonly table: string } => {
  const results = Object.keys(SCHEDULERS).map((name) => observe(name, pcpus));
  const head = line(['scheduler', 'guest'], ['share', 'p50 ms', 'p99 ms', 'late', 'spun ms', 'decisions']);
  const table = [head, ...results.flatMap(({ rows }) => rows)].join('\n');
  return { picture: svg(results.map(({ plots }) => plots)), table };
};
