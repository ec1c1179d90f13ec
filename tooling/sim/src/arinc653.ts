import { Arinc653, MOST_WINDOWS, type Window } from '@vivarium/scheduler-arinc653';
import { alwaysRunnable, bursty, interactive, tickEvasion, type Trace } from '@vivarium/scheduler-sim';
import { attackCheck, type Check, type Guest, MILLISECOND, simulate } from './check.ts';

const FRAME = 25 * MILLISECOND;
const WINDOWS: readonly Window[] = [
  { domain: 'flight', duration: 10 * MILLISECOND },
  { duration: MILLISECOND },
  { domain: 'cabin', duration: 5 * MILLISECOND },
  { domain: 'flight', duration: 2 * MILLISECOND },
];

const make = (windows = WINDOWS, majorFrame = FRAME): Arinc653 =>
  new Arinc653({ majorFrame, windows, turn: MILLISECOND });

const runsOf = (trace: Trace, vcpu: number): string =>
  trace
    .of(new Set([vcpu]))
    .map(({ start, end }) => `${start}-${end}`)
    .join();

export const arinc653Checks: readonly Check[] = [
  {
    scheduler: 'arinc653',
    workload: 'tables of 65 windows, with an empty one, longer than the frame',
    bound: 'refused',
    measure: () => {
      const window = { domain: 'one', duration: MILLISECOND };
      const tables = [
        Array.from({ length: MOST_WINDOWS + 1 }, () => ({ ...window, duration: 1000 })),
        [window, { ...window, duration: 0 }],
        Array.from({ length: 26 }, () => window),
      ];
      const taken = tables.filter((windows) => {
        try {
          return make(windows) instanceof Arinc653;
        } catch {
          return false;
        }
      });
      return { measured: `${taken.length} of ${tables.length} taken`, holds: taken.length === 0, decisions: 0 };
    },
  },
  {
    scheduler: 'arinc653',
    workload: '10,000 frames of two partitions, guests look every 70 µs',
    bound: 'window starts ≤ 70 µs late',
    measure: (scale) => {
      const frames = 10_000 * scale;
      const guests = ['flight', 'cabin'].map((domain) => ({ domain, workload: alwaysRunnable() }));
      const simulation = simulate(make(), 1, guests, { quantum: 70_000, trace: true });
      simulation.runUntil(frames * FRAME);
      const starts = [[0, 16 * MILLISECOND], [11 * MILLISECOND]];
      let worst = 0;
      for (const { vcpu, start } of simulation.trace.runs) {
        const late = starts[vcpu].map((due) => (start % FRAME) - due).filter((error) => error >= 0);
        worst = Math.max(worst, Math.min(...late));
      }
      const windows = simulation.trace.runs.length;
      const measured = `${worst / 1000} µs at worst of ${windows}`;
      return {
        measured,
        holds: worst <= 70_000 && windows >= 3 * frames - 1,
        decisions: simulation.report().decisions,
      };
    },
  },
  {
    scheduler: 'arinc653',
    workload: 'a partition beside none, and beside loud, busy and evasive ones',
    bound: 'moves by 0 ns',
    measure: (scale) => {
      const crowd = Array.from({ length: 8 }, () => ({ domain: 'flight', weight: 10_000, workload: alwaysRunnable() }));
      const neighbours: readonly (readonly Guest[])[] = [
        [],
        crowd,
        [{ domain: 'flight', workload: bursty(MILLISECOND, MILLISECOND) }],
        [{ domain: 'flight', workload: tickEvasion('yield') }],
        [{ domain: 'flight', workload: tickEvasion('sleep') }],
        [{ domain: 'stowaway', workload: alwaysRunnable() }],
      ];
      let decisions = 0;
      const traces = neighbours.map((others) => {
        const cabin = { domain: 'cabin', workload: interactive(700_000, 4 * MILLISECOND) };
        const simulation = simulate(make(), 1, [cabin, ...others], { seed: 5, trace: true });
        simulation.runUntil(400 * FRAME * scale);
        decisions += simulation.report().decisions;
        return runsOf(simulation.trace, 0);
      });
      const moved = traces.filter((trace) => trace !== traces[0]).length;
      return { measured: `${moved} of ${traces.length - 1} differ`, holds: moved === 0, decisions };
    },
  },
  {
    scheduler: 'arinc653',
    workload: 'another table in the middle of a window',
    bound: 'acts at once',
    measure: () => {
      const scheduler = make();
      const guests = ['flight', 'cabin'].map((domain) => ({ domain, workload: alwaysRunnable() }));
      const simulation = simulate(scheduler, 1, guests, { trace: true });
      const change = 4 * FRAME + 3 * MILLISECOND;
      simulation.runUntil(change);
      const windows = [{ domain: 'cabin', duration: 2 * MILLISECOND }];
      for (const pcpu of scheduler.configure({ majorFrame: 4 * MILLISECOND, windows }, change)) {
        simulation.reschedule(pcpu);
      }
      simulation.runUntil(change + 40 * MILLISECOND);
      const late = simulation.trace.runs.find(({ vcpu, end }) => vcpu === 1 && end > change)?.start;
      const flight = simulation.service(0);
      const holds = late === change && flight === 4 * 12 * MILLISECOND + 3 * MILLISECOND;
      return { measured: `after ${(late ?? Number.NaN) - change} ns`, holds, decisions: simulation.report().decisions };
    },
  },
  attackCheck(
    'arinc653',
    () =>
      make([
        { domain: 'attacker', duration: 10 * MILLISECOND },
        { domain: 'victim', duration: 10 * MILLISECOND },
      ]),
    0.4,
  ),
];
