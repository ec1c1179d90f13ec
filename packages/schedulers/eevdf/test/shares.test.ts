import { alwaysRunnable, interactive, Simulation, tickEvasion } from '@vivarium/scheduler-sim';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Eevdf } from '../src/index.ts';

const SECOND = 1e9;

/** Shares of one pCPU after `seconds`, of vCPUs that always want to run. */
const sharesOf = (weights: readonly number[], pcpus: number, seconds = 20): readonly number[] => {
  const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [...Array(pcpus).keys()] });
  for (const [id, weight] of weights.entries()) {
    simulation.spawn(id, { domain: `guest-${id}`, weight }, alwaysRunnable());
  }
  simulation.runUntil(seconds * SECOND);
  return simulation.report().vcpus.map(({ share }) => share);
};

describe('shares under eevdf', () => {
  it('are within 1% of the weights for 10 : 100 : 1000', () => {
    for (const [index, share] of sharesOf([10, 100, 1000], 1, 60).entries()) {
      const due = 10 ** (index + 1) / 1110;
      expect(Math.abs(share / due - 1)).toBeLessThan(0.01);
    }
  });

  it('give half of the weight a pCPU of its own: 256, 512, 1024, 256 on two', () => {
    const shares = sharesOf([256, 512, 1024, 256], 2);
    expect(shares[2]).toBe(1);
    for (const [index, due] of [0.25, 0.5, 1, 0.25].entries())
      expect(Math.abs(shares[index] / due - 1)).toBeLessThan(0.01);
  });

  it('leave nothing idle: what a capped guest may not use, others have', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'capped', weight: 1000, cap: 300 }, alwaysRunnable());
    simulation.spawn(2, { domain: 'capped', weight: 1000 }, alwaysRunnable());
    simulation.spawn(3, { domain: 'free', weight: 10 }, alwaysRunnable());
    simulation.runUntil(10 * SECOND);
    const capped = new Set([1, 2]);
    expect(simulation.trace.mostUsedIn(capped, 100e6)).toBeLessThanOrEqual(30e6);
    expect(simulation.service(1) + simulation.service(2)).toBeGreaterThan(2.9 * SECOND);
    expect(simulation.service(3)).toBe(10 * SECOND - simulation.service(1) - simulation.service(2));
  });

  it('are what the cap says within a few percent, from below, however late guests stop', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 50, max: 950 }),
        fc.constantFrom(300_000, 2_800_000, 28_000_000),
        fc.constantFrom(1, 50_000, 500_000),
        (vcpus, cap, slice, quantum) => {
          const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [...Array(vcpus).keys()], quantum });
          for (let id = 0; id < vcpus; id += 1) {
            simulation.spawn(id, { domain: 'capped', cap, slice }, alwaysRunnable());
          }
          simulation.runUntil(3 * SECOND);
          const share = simulation.report().vcpus.reduce((sum, { service }) => sum + service, 0) / (3 * SECOND);
          // Who is stopped late by more than a tenth of what it gets in the window of a cap loses more of that.
          const late = (vcpus * quantum) / (cap * 100_000);
          expect(share / (cap / 1000)).toBeGreaterThan(late > 0.1 ? 0.9 : 0.95);
          expect(share / (cap / 1000)).toBeLessThan(quantum === 1 ? 1.0001 : 1.01);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of a capped guest come in pieces that are worth a switch, whatever it did before', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0], trace: true });
    const rest = interactive(100_000, 200_000);
    const compute = alwaysRunnable();
    simulation.spawn(1, { domain: 'capped', cap: 250 }, (context) =>
      context.now < SECOND ? rest(context) : compute(context),
    );
    simulation.runUntil(3 * SECOND);
    const late = simulation.trace.runs.filter(({ start }) => start > 1.5 * SECOND);
    expect(late.length).toBeLessThan(1.5 * 100 * 1.5);
    expect(simulation.service(1) / (3 * SECOND)).toBeGreaterThan(0.23);
  });

  it('follow weights that change while guests run', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0] });
    simulation.spawn(1, { domain: 'one', weight: 100 }, alwaysRunnable());
    simulation.spawn(2, { domain: 'other', weight: 100 }, alwaysRunnable());
    simulation.runUntil(SECOND);
    simulation.change(1, { weight: 300 });
    const before = [simulation.service(1), simulation.service(2)];
    simulation.runUntil(5 * SECOND);
    expect((simulation.service(1) - before[0]) / (4 * SECOND)).toBeCloseTo(0.75, 2);
    expect((simulation.service(2) - before[1]) / (4 * SECOND)).toBeCloseTo(0.25, 2);
  });

  it.each(['yield', 'sleep'] as const)('are not stolen by who is gone before each tick (%s)', (way) => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0] });
    simulation.spawn(1, { domain: 'attacker' }, tickEvasion(way));
    simulation.spawn(2, { domain: 'victim' }, alwaysRunnable());
    simulation.runUntil(20 * SECOND);
    const [attacker, victim] = simulation.report().vcpus;
    expect(attacker.share).toBeLessThan(0.51);
    expect(victim.share).toBeGreaterThan(0.49);
    // Its account says so, too.
    expect(attacker.stats?.run).toBe(attacker.service);
  });
});
