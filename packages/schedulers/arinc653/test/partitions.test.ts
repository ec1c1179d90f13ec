import { alwaysRunnable, bursty, interactive, Simulation, tickEvasion, type Trace } from '@vivarium/scheduler-sim';
import { describe, expect, it } from 'vitest';
import { Arinc653, type Window } from '../src/index.ts';

const MILLISECOND = 1_000_000;
const FRAME = 25 * MILLISECOND;

const WINDOWS: readonly Window[] = [
  { domain: 'flight', duration: 10 * MILLISECOND },
  { duration: 1 * MILLISECOND },
  { domain: 'cabin', duration: 5 * MILLISECOND },
  { domain: 'flight', duration: 2 * MILLISECOND },
  { domain: 'nobody', duration: 3 * MILLISECOND },
];

const make = (windows = WINDOWS, majorFrame = FRAME): Arinc653 =>
  new Arinc653({ majorFrame, windows, turn: MILLISECOND });

/** Starts and ends of what some vCPUs ran. */
const runsOf = (trace: Trace, ...vcpus: readonly number[]) =>
  trace.of(new Set(vcpus)).map(({ start, end }) => [start, end] as const);

describe('windows', () => {
  it('start within a quantum of their time over ten thousand frames, and errors do not add up', () => {
    // Guests look every 70 µs, which divides nothing here.
    const quantum = 70_000;
    const simulation = new Simulation({ scheduler: make(), pcpus: [0], quantum, trace: true });
    simulation.spawn(1, { domain: 'flight' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'cabin' }, alwaysRunnable());
    const frames = 10_000;
    simulation.runUntil(frames * FRAME);
    const nominal = { 1: [0, 16 * MILLISECOND], 2: [11 * MILLISECOND] };
    let worst = 0;
    let started = 0;
    for (const vcpu of [1, 2] as const) {
      for (const [start] of runsOf(simulation.trace, vcpu)) {
        const into = start % FRAME;
        const error = Math.min(...nominal[vcpu].map((time) => (into >= time ? into - time : Number.POSITIVE_INFINITY)));
        worst = Math.max(worst, error);
        started += 1;
      }
    }
    expect(started).toBe(3 * frames);
    expect(worst).toBeLessThanOrEqual(quantum);
  });

  it('are exact to the nanosecond when guests stop at once', () => {
    const simulation = new Simulation({ scheduler: make(), pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'flight' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'cabin' }, alwaysRunnable());
    simulation.runUntil(100 * FRAME);
    expect(new Set(simulation.trace.usedByPeriod(new Set([1]), FRAME, 0, 100))).toEqual(new Set([12 * MILLISECOND]));
    expect(new Set(simulation.trace.usedByPeriod(new Set([2]), FRAME, 0, 100))).toEqual(new Set([5 * MILLISECOND]));
  });
});

describe('a partition', () => {
  /** When the cabin runs, beside something else in the flight partition. */
  const cabinBeside = (neighbours: (simulation: Simulation) => void) => {
    const simulation = new Simulation({ scheduler: make(), pcpus: [0], seed: 5, trace: true });
    simulation.spawn(1, { domain: 'cabin' }, interactive(700_000, 4 * MILLISECOND));
    neighbours(simulation);
    simulation.runUntil(400 * FRAME);
    return { runs: runsOf(simulation.trace, 1), stats: simulation.report().vcpus[0].stats, simulation };
  };
  const alone = cabinBeside(() => undefined);

  it.each<readonly [string, (simulation: Simulation) => void]>([
    ['computes without end', (simulation) => simulation.spawn(2, { domain: 'flight' }, alwaysRunnable())],
    ['comes and goes', (simulation) => simulation.spawn(2, { domain: 'flight' }, bursty(MILLISECOND, MILLISECOND))],
    ['yields before every tick', (simulation) => simulation.spawn(2, { domain: 'flight' }, tickEvasion('yield'))],
    ['sleeps over every tick', (simulation) => simulation.spawn(2, { domain: 'flight' }, tickEvasion('sleep'))],
    [
      'is eight vCPUs with all the weight there is',
      (simulation) => {
        for (let id = 2; id < 10; id += 1) simulation.spawn(id, { domain: 'flight', weight: 10_000 }, alwaysRunnable());
      },
    ],
    [
      'has no window',
      (simulation) => {
        for (let id = 2; id < 5; id += 1) simulation.spawn(id, { domain: 'stowaway' }, alwaysRunnable());
      },
    ],
  ])('does not notice a neighbour that %s', (_, neighbours) => {
    const beside = cabinBeside(neighbours);
    expect(beside.runs).toEqual(alone.runs);
    expect(beside.stats).toEqual(alone.stats);
  });

  it('never has more than its windows, whatever it does', () => {
    for (const workload of [alwaysRunnable(), tickEvasion('yield'), tickEvasion('sleep')]) {
      const simulation = new Simulation({ scheduler: make(), pcpus: [0], trace: true });
      simulation.spawn(1, { domain: 'flight' }, workload);
      simulation.runUntil(100 * FRAME);
      const used = simulation.trace.usedByPeriod(new Set([1]), FRAME, 0, 100);
      expect(Math.max(...used)).toBeLessThanOrEqual(12 * MILLISECOND);
      expect(simulation.report().vcpus[0].stats?.run).toBe(simulation.service(1));
    }
  });

  it('keeps its time when it has nothing to do: idle time is given to nobody', () => {
    const simulation = new Simulation({ scheduler: make(), pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'flight' }, () => ({ kind: 'sleep', until: 1e15 }));
    simulation.spawn(2, { domain: 'cabin' }, alwaysRunnable());
    simulation.runUntil(100 * FRAME);
    expect(simulation.service(2)).toBe(100 * 5 * MILLISECOND);
    expect(simulation.report().vcpus[1].stats?.parked).toBe(100 * 20 * MILLISECOND);
  });
});

describe('vCPUs of one partition', () => {
  it('take turns on one pCPU, and nobody has more than the others', () => {
    const simulation = new Simulation({ scheduler: make(), pcpus: [0], trace: true });
    for (const id of [1, 2, 3]) simulation.spawn(id, { domain: 'flight' }, alwaysRunnable());
    simulation.runUntil(100 * FRAME);
    for (const id of [1, 2, 3]) expect(simulation.service(id)).toBe(400 * MILLISECOND);
  });

  it('run at once on several', () => {
    const simulation = new Simulation({ scheduler: make(), pcpus: [0, 1], trace: true });
    for (const id of [1, 2]) simulation.spawn(id, { domain: 'flight' }, alwaysRunnable());
    simulation.runUntil(100 * FRAME);
    for (const id of [1, 2]) expect(simulation.service(id)).toBe(1200 * MILLISECOND);
  });

  it('wait for their turn and no longer when they wake within the window', () => {
    const simulation = new Simulation({ scheduler: make([{ domain: 'flight', duration: FRAME }]), pcpus: [0] });
    simulation.spawn(1, { domain: 'flight' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'flight' }, interactive(100_000, 10 * MILLISECOND));
    simulation.runUntil(400 * FRAME);
    expect(simulation.report().vcpus[1].stats?.wakeLatency.max).toBeLessThanOrEqual(MILLISECOND);
  });
});

describe('another table', () => {
  it('is in force at once, from its beginning', () => {
    const scheduler = make();
    const simulation = new Simulation({ scheduler, pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'flight' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'cabin' }, alwaysRunnable());
    const change = 4 * FRAME + 3 * MILLISECOND;
    simulation.at(change, () => {
      const windows = [
        { domain: 'cabin', duration: 2 * MILLISECOND },
        { domain: 'flight', duration: MILLISECOND },
      ];
      for (const pcpu of scheduler.configure({ majorFrame: 4 * MILLISECOND, windows }, simulation.now)) {
        simulation.reschedule(pcpu);
      }
    });
    simulation.runUntil(change + 40 * MILLISECOND);
    const after = (vcpu: number) => runsOf(simulation.trace, vcpu).filter(([start]) => start >= change);
    const expected = (offset: number, length: number) =>
      Array.from({ length: 10 }, (_, frame) => {
        const start = change + frame * 4 * MILLISECOND + offset;
        return [start, start + length];
      });
    expect(after(2)).toEqual(expected(0, 2 * MILLISECOND));
    expect(after(1)).toEqual(expected(2 * MILLISECOND, MILLISECOND));
    expect(runsOf(simulation.trace, 1).at(-11)?.[1]).toBe(change);
  });
});
