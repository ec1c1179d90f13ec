import { alwaysRunnable, Simulation } from '@vivarium/scheduler-sim';
import { describe, expect, it } from 'vitest';
import { Eevdf } from '../src/index.ts';

/** Weights, and the pCPUs that each may run on. */
type Set = readonly (readonly [weight: number, affinity?: readonly number[]])[];

const simulate = (pcpus: number, set: Set): Simulation => {
  const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [...Array(pcpus).keys()] });
  for (const [id, [weight, affinity = []]] of set.entries()) {
    simulation.spawn(id, { domain: `guest-${id}`, weight, affinity }, alwaysRunnable());
  }
  return simulation;
};

const sharesOf = (pcpus: number, set: Set): readonly number[] => {
  const simulation = simulate(pcpus, set);
  simulation.runUntil(20e9);
  return simulation.report().vcpus.map(({ share }) => share);
};

/** How far the worst share is from what is due. */
const error = (pcpus: number, set: Set, due: readonly number[]): number =>
  Math.max(...sharesOf(pcpus, set).map((share, index) => Math.abs(share - due[index])));

describe('vCPUs that may not run everywhere, under eevdf', () => {
  it('run nowhere else', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0, 1, 2], trace: true });
    simulation.spawn(0, { domain: 'one', affinity: [1] }, alwaysRunnable());
    simulation.spawn(1, { domain: 'two', affinity: [1, 2] }, alwaysRunnable());
    for (const id of [2, 3]) simulation.spawn(id, { domain: `free-${id}` }, alwaysRunnable());
    simulation.at(2e9, () => simulation.change(0, { affinity: [2] }));
    simulation.runUntil(4e9);
    const astray = simulation.trace.runs.filter(({ vcpu, pcpu, start, end }) => {
      if (vcpu === 0) return start < 2e9 ? pcpu !== 1 || end > 2e9 : pcpu !== 2;
      return vcpu === 1 && pcpu === 0;
    });
    expect(astray).toEqual([]);
    expect(simulation.service(0)).toBeGreaterThan(2e9);
  });

  it('share by weight where each pCPU has its own, or more is asked of one than it has', () => {
    const separate = [
      [1000, [0]],
      [500, [0]],
      [300, [1]],
      [100, [1]],
    ] as const;
    expect(error(2, separate, [2 / 3, 1 / 3, 0.75, 0.25])).toBeLessThan(0.01);
    expect(error(2, [[1000, [0]], [1000, [0]], [300], [100]], [0.5, 0.5, 0.75, 0.25])).toBeLessThan(0.01);
    const many = [[100, [0]], [300, [0]], [1000, [0]], [100], [200], [300], [300], [300, [1, 2]]] as const;
    const due = [1 / 14, 3 / 14, 10 / 14, 0.25, 0.5, 0.75, 0.75, 0.75];
    expect(error(4, many, due)).toBeLessThan(0.01);
  });

  it('are not pushed out by one that is entitled to any pCPU', () => {
    expect(error(2, [[100, [0]], [1000], [100]], [0.5, 1, 0.5])).toBeLessThan(0.01);
    expect(error(2, [[100, [1]], [1000], [100]], [0.5, 1, 0.5])).toBeLessThan(0.01);
  });

  it('have no debts and no claims from that when they may run everywhere again', () => {
    const simulation = simulate(2, [[1000, [0]], [1000, [0]], [300], [100]]);
    simulation.runUntil(20e9);
    for (const id of [0, 1]) simulation.change(id, { affinity: [] });
    const before = [0, 1, 2, 3].map((id) => simulation.service(id));
    simulation.runUntil(22e9);
    const due = [5 / 6, 5 / 6, 0.25, 1 / 12];
    for (const [id, service] of before.entries()) {
      expect(Math.abs((simulation.service(id) - service) / 2e9 - due[id])).toBeLessThan(0.02);
    }
  });
});
