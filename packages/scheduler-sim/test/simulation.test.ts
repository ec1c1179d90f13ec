import { describe, expect, it } from 'vitest';
import {
  alwaysRunnable,
  bursty,
  interactive,
  lockHolders,
  periodic,
  Simulation,
  SpinLock,
  tickEvasion,
} from '../src/index.ts';
import { roundRobin } from './round-robin.ts';

describe('a simulation', () => {
  it('is exact: who computes without end takes turns to the nanosecond', () => {
    const simulation = new Simulation({ scheduler: roundRobin(100), pcpus: [0], trace: true });
    for (const id of [1, 2, 3]) simulation.spawn(id, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(650);
    expect([1, 2, 3].map((id) => simulation.service(id))).toEqual([250, 200, 200]);
    expect(simulation.trace.runs.map(({ vcpu, start }) => [vcpu, start])).toEqual([
      [1, 0],
      [2, 100],
      [3, 200],
      [1, 300],
      [2, 400],
      [3, 500],
      [1, 600],
    ]);
    expect(simulation.report()).toMatchObject({ now: 650, decisions: 7, switches: 7 });
  });

  it('is the same for the same seed, and another for another', () => {
    const run = (seed: number) => {
      const simulation = new Simulation({ scheduler: roundRobin(50_000), pcpus: [0, 1], seed });
      simulation.spawn(1, { domain: 'a' }, bursty(80_000, 90_000));
      simulation.spawn(2, { domain: 'b' }, interactive(20_000, 100_000));
      simulation.spawn(3, { domain: 'c' }, alwaysRunnable());
      for (const [id, workload] of lockHolders(3, { outside: 9000, inside: 3000 }).entries()) {
        simulation.spawn(10 + id, { domain: 'd' }, workload);
      }
      simulation.runUntil(20_000_000);
      return JSON.stringify(simulation.report());
    };
    expect(run(4)).toBe(run(4));
    expect(run(4)).not.toBe(run(5));
  });

  it('measures lag against the ideal', () => {
    const simulation = new Simulation({ scheduler: roundRobin(100), pcpus: [0] });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(1000);
    expect(simulation.report().vcpus.map(({ leastLag, mostLag }) => [leastLag, mostLag])).toEqual([
      [-50, 0],
      [0, 50],
    ]);
  });

  it('lets a guest look whether to stop only now and then, if so wanted', () => {
    const simulation = new Simulation({ scheduler: roundRobin(100), pcpus: [0], quantum: 30, trace: true });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(360);
    expect(simulation.trace.runs.map(({ start, end }) => [start, end])).toEqual([
      [0, 120],
      [120, 240],
      [240, 360],
    ]);
  });

  it('takes pCPUs and vCPUs away while they run, and what they ran counts', () => {
    const simulation = new Simulation({ scheduler: roundRobin(1000), pcpus: [0, 1], trace: true });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.spawn(2, { domain: 'guest' }, alwaysRunnable());
    simulation.at(300, () => simulation.removePcpu(1));
    simulation.at(1500, () => simulation.remove(1));
    simulation.runUntil(2000);
    expect(simulation.trace.runs.map(({ vcpu, pcpu, start, end }) => [vcpu, pcpu, start, end])).toEqual([
      [1, 1, 0, 300],
      [2, 0, 0, 1000],
      [1, 0, 1000, 1500],
      [2, 0, 1500, 2000],
    ]);
    expect(() => simulation.service(1)).toThrowError('there is no vCPU 1');
  });

  it('stops at a number of decisions', () => {
    const simulation = new Simulation({ scheduler: roundRobin(10), pcpus: [0] });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.runDecisions(7);
    expect(simulation.report()).toMatchObject({ decisions: 7, now: 60 });
  });

  it('says so when time stands still, or a scheduler does what it must not', () => {
    const stuck = new Simulation({ scheduler: roundRobin(10), pcpus: [0] });
    stuck.spawn(1, { domain: 'guest' }, () => ({ kind: 'yield' }));
    expect(() => stuck.runUntil(100)).toThrowError(expect.objectContaining({ code: 'VIV_SIMULATION_STUCK' }));
    const wrong = { ...roundRobin(10), pick: () => ({ kind: 'run', vcpu: 7, slice: 5 }) as const };
    const broken = new Simulation({ scheduler: wrong, pcpus: [0] });
    expect(() => broken.runUntil(1)).toThrowError(expect.objectContaining({ code: 'VIV_SIMULATION_SCHEDULER' }));
    const empty = { ...roundRobin(10), pick: () => ({ kind: 'run', vcpu: 1, slice: 0 }) as const };
    const lazy = new Simulation({ scheduler: empty, pcpus: [0] });
    lazy.spawn(1, { domain: 'guest' }, alwaysRunnable());
    expect(() => lazy.runUntil(1)).toThrowError(expect.objectContaining({ code: 'VIV_SIMULATION_SCHEDULER' }));
  });
});

describe('workloads', () => {
  it('with deadlines know which were late', () => {
    const alone = new Simulation({ scheduler: roundRobin(10), pcpus: [0] });
    alone.spawn(1, { domain: 'guest' }, periodic(30, 100, 5));
    alone.runUntil(1000);
    expect(alone.report().vcpus[0]).toMatchObject({ service: 300, completed: 10, late: 0 });
    const beside = new Simulation({ scheduler: roundRobin(10), pcpus: [0] });
    beside.spawn(1, { domain: 'guest' }, periodic(60, 100));
    beside.spawn(2, { domain: 'guest' }, alwaysRunnable());
    beside.runUntil(1010);
    expect(beside.report().vcpus[0].late).toBeGreaterThan(5);
  });

  it('that evade ticks are never there when one comes', () => {
    for (const way of ['yield', 'sleep'] as const) {
      const scheduler = roundRobin(1_000_000_000);
      const simulation = new Simulation({ scheduler, pcpus: [0], trace: true });
      simulation.spawn(1, { domain: 'attacker' }, tickEvasion(way));
      simulation.spawn(2, { domain: 'victim' }, () => ({ kind: 'run', service: 50_000 }));
      simulation.runUntil(9_600_000);
      expect(scheduler.log.at(-1)).toBe(`9500000 ${way} 1`);
    }
  });

  it('that share a lock hold it one at a time, spin, and give way to the holder', () => {
    const lock = new SpinLock();
    const holders: number[] = [];
    const scheduler = roundRobin(1_000_000);
    const simulation = new Simulation({ scheduler, pcpus: [0, 1] });
    for (const id of [0, 1]) {
      let phase = -1;
      simulation.spawn(id, { domain: 'guest' }, () => {
        phase = (phase + 1) % 4;
        if (phase === 3) return { kind: 'run', service: 10 };
        if (phase === 0) return { kind: 'acquire', lock, patience: 40 };
        if (phase === 2) return { kind: 'release', lock };
        expect(lock.holder).toBe(id);
        holders.push(id);
        return { kind: 'run', service: 100 };
      });
    }
    simulation.runUntil(1000);
    expect(new Set(holders)).toEqual(new Set([0, 1]));
    expect(simulation.report().vcpus.reduce((sum, { spun }) => sum + spun, 0)).toBeGreaterThan(0);
    expect(scheduler.log.some((line) => line.endsWith('yield 1 to 0') || line.endsWith('yield 0 to 1'))).toBe(true);
  });
});
