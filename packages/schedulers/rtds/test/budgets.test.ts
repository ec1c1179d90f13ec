import { alwaysRunnable, bursty, interactive, Simulation, tickEvasion } from '@vivarium/scheduler-sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RESERVATION, Rtds } from '../src/index.ts';
import { MILLISECOND, schedulableSets, simulate, usedInPeriods } from './sets.ts';

describe('consumption without extra time', () => {
  it('is at most the budget in every period, whatever guests do and however much is promised', () => {
    const sets = fc.integer({ min: 1, max: 4 }).chain((pcpus) =>
      fc.record({
        pcpus: fc.integer({ min: 1, max: 4 }),
        reservations: schedulableSets(pcpus),
        seed: fc.integer({ min: 1, max: 1e6 }),
      }),
    );
    fc.assert(
      fc.property(sets, ({ pcpus, reservations, seed }) => {
        const kinds = [
          alwaysRunnable,
          () => bursty(2 * MILLISECOND, 3 * MILLISECOND),
          () => interactive(300_000, 2 * MILLISECOND),
          () => tickEvasion('sleep'),
          () => tickEvasion('yield'),
        ];
        const simulation = simulate(reservations, pcpus, (id) => kinds[(id + seed) % kinds.length](), seed);
        simulation.runUntil(300 * MILLISECOND);
        for (const [id, { budget }] of reservations.entries()) {
          expect(Math.max(0, ...usedInPeriods(simulation, reservations, id))).toBeLessThanOrEqual(budget);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is 4 ms in every 10 for whom nothing is said', () => {
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0] });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(1000 * MILLISECOND);
    expect(simulation.service(1)).toBe(400 * MILLISECOND);
    expect(DEFAULT_RESERVATION).toEqual({ budget: 4 * MILLISECOND, period: 10 * MILLISECOND });
    // What is held back is parked, so that a host can tell it from waiting for others.
    expect(simulation.report().vcpus[0].stats?.parked).toBe(600 * MILLISECOND);
  });

  it('is owed when the guest stops late', () => {
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0], quantum: 300_000 });
    simulation.spawn(1, { domain: 'guest', reservation: { budget: 100_000, period: MILLISECOND } }, alwaysRunnable());
    simulation.runUntil(1000 * MILLISECOND);
    expect(simulation.service(1)).toBeLessThanOrEqual(100 * MILLISECOND + 300_000);
    expect(simulation.service(1)).toBeGreaterThan(95 * MILLISECOND);
  });

  it('does not save up: what is not used in a period is lost', () => {
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0], trace: true });
    let slept = false;
    simulation.spawn(1, { domain: 'guest' }, () => {
      if (slept) return { kind: 'run' };
      slept = true;
      return { kind: 'sleep', until: 995 * MILLISECOND };
    });
    simulation.runUntil(2000 * MILLISECOND);
    expect(simulation.trace.mostUsedIn(new Set([1]), 10 * MILLISECOND)).toBeLessThanOrEqual(8 * MILLISECOND);
    expect(simulation.service(1)).toBeLessThanOrEqual(404 * MILLISECOND);
  });
});

describe('who is gone before each tick', () => {
  it.each(['yield', 'sleep'] as const)('has no more than its budget, and takes nothing from others (%s)', (way) => {
    const half = { budget: 5 * MILLISECOND, period: 10 * MILLISECOND };
    const simulation = simulate([half, half], 1, (id) => (id === 0 ? tickEvasion(way) : alwaysRunnable()));
    simulation.runUntil(10_000 * MILLISECOND);
    const [attacker, victim] = simulation.report().vcpus;
    expect(attacker.share).toBeLessThanOrEqual(0.5);
    expect(attacker.stats?.run).toBe(attacker.service);
    expect(victim.service).toBe(5000 * MILLISECOND);
    expect(Math.min(...usedInPeriods(simulation, [half, half], 1))).toBe(5 * MILLISECOND);
  });
});

describe('extra time', () => {
  const simulateExtra = (extra: boolean) => {
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0], trace: true });
    const reservation = { budget: 2 * MILLISECOND, period: 10 * MILLISECOND };
    simulation.spawn(
      1,
      { domain: 'strict', reservation: { budget: 3 * MILLISECOND, period: 7 * MILLISECOND } },
      alwaysRunnable(),
    );
    simulation.spawn(2, { domain: 'one', reservation: { ...reservation, extra } }, alwaysRunnable());
    simulation.spawn(3, { domain: 'two', reservation: { ...reservation, extra } }, alwaysRunnable());
    simulation.runUntil(7000 * MILLISECOND);
    return simulation;
  };

  it('is what is left over, shared, and takes no budget away', () => {
    const simulation = simulateExtra(true);
    expect(simulation.service(1)).toBe(3000 * MILLISECOND);
    expect(simulation.service(2) + simulation.service(3)).toBe(4000 * MILLISECOND);
    expect(Math.min(simulation.service(2), simulation.service(3))).toBeGreaterThan(1700 * MILLISECOND);
    const reservations = [
      { budget: 0, period: 1 },
      { budget: 3 * MILLISECOND, period: 7 * MILLISECOND },
    ];
    expect(Math.min(...usedInPeriods(simulation, reservations, 1))).toBe(3 * MILLISECOND);
  });

  it('is idle time otherwise', () => {
    const simulation = simulateExtra(false);
    expect(simulation.service(2) + simulation.service(3)).toBe(2800 * MILLISECOND);
  });
});

describe('another reservation', () => {
  it('holds from now on', () => {
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(105 * MILLISECOND);
    simulation.change(1, { reservation: { budget: MILLISECOND, period: 2 * MILLISECOND } });
    simulation.runUntil(205 * MILLISECOND);
    const used = simulation.trace.usedByPeriod(new Set([1]), 2 * MILLISECOND, 105 * MILLISECOND, 50);
    expect(new Set(used)).toEqual(new Set([MILLISECOND]));
  });
});

describe('who wakes without budget', () => {
  it('runs as soon as its period begins, although nobody would stop then', () => {
    const quantum = 300_000;
    const simulation = new Simulation({ scheduler: new Rtds(), pcpus: [0], quantum, trace: true });
    const long = { budget: 90 * MILLISECOND, period: 100 * MILLISECOND };
    const short = { budget: MILLISECOND, period: 10 * MILLISECOND };
    // It goes to sleep after 1.1 ms, before it is stopped, and wakes when the other has begun.
    let asleep = true;
    simulation.spawn(1, { domain: 'short', reservation: short }, ({ now }) => {
      asleep = !asleep;
      if (!asleep) return { kind: 'run', service: 1.1 * MILLISECOND };
      return { kind: 'sleep', until: now + 4 * MILLISECOND };
    });
    simulation.spawn(2, { domain: 'long', reservation: long }, alwaysRunnable());
    simulation.runUntil(20 * MILLISECOND);
    const [first, second] = simulation.trace.of(new Set([1]));
    expect([first.start, first.end]).toEqual([0, 1.1 * MILLISECOND]);
    expect(second.start).toBeGreaterThanOrEqual(10 * MILLISECOND);
    expect(second.start).toBeLessThan(10 * MILLISECOND + quantum);
  });
});
