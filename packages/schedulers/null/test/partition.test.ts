import { alwaysRunnable, bursty, interactive, periodic, Simulation, tickEvasion } from '@vivarium/scheduler-sim';
import { describe, expect, it } from 'vitest';
import { Null } from '../src/index.ts';

const SECOND = 1e9;

/** What a guest that computes and one that reacts get done in ten seconds, beside `neighbours` others. */
const beside = (neighbours: (simulation: Simulation) => void) => {
  const simulation = new Simulation({ scheduler: new Null(), pcpus: [0, 1, 2], seed: 9, trace: true });
  simulation.spawn(1, { domain: 'batch' }, bursty(4_000_000, 1_000_000));
  simulation.spawn(2, { domain: 'editor' }, interactive(200_000, 3_000_000));
  neighbours(simulation);
  simulation.runUntil(10 * SECOND);
  const [batch, editor] = simulation.report().vcpus;
  return { batch: batch.service, editor: editor.service, latency: editor.stats?.wakeLatency.max, simulation };
};

describe('a hard partition', () => {
  it('loses nothing to neighbours that saturate the machine', () => {
    const alone = beside(() => undefined);
    const crowded = beside((simulation) => {
      for (let id = 10; id < 18; id += 1)
        simulation.spawn(id, { domain: `loud-${id}`, weight: 10_000 }, alwaysRunnable());
    });
    expect(Math.abs(crowded.batch / alone.batch - 1)).toBeLessThan(0.02);
    expect(Math.abs(crowded.editor / alone.editor - 1)).toBeLessThan(0.02);
    expect(crowded.latency).toBe(0);
    // One of the eight has the third pCPU; the others wait until somebody leaves.
    const services = crowded.simulation.report().vcpus.filter(({ vcpu }) => vcpu >= 10);
    expect(services.map(({ service }) => service)).toEqual([10 * SECOND, 0, 0, 0, 0, 0, 0, 0]);
    expect(services[1].stats).toMatchObject({ ready: 10 * SECOND, parked: 10 * SECOND, run: 0 });
  });

  it('loses nothing to one that is gone before every tick', () => {
    const alone = beside(() => undefined);
    const attacked = beside((simulation) => simulation.spawn(3, { domain: 'attacker' }, tickEvasion('yield')));
    expect([attacked.batch, attacked.editor]).toEqual([alone.batch, alone.editor]);
    const attacker = attacked.simulation.report().vcpus[2];
    expect(attacker.stats?.run).toBe(attacker.service);
    expect(attacker.service).toBeGreaterThan(9.4 * SECOND);
  });

  it('never moves', () => {
    const { simulation } = beside((simulation) => simulation.spawn(3, { domain: 'third' }, alwaysRunnable()));
    for (const { stats } of simulation.report().vcpus) expect(stats?.migrations).toBe(0);
    for (const pcpu of [0, 1, 2]) {
      const who = simulation.trace.runs.filter((run) => run.pcpu === pcpu).map(({ vcpu }) => vcpu);
      expect(new Set(who).size).toBe(1);
    }
  });

  it('takes few decisions', () => {
    const { simulation } = beside((simulation) => simulation.spawn(3, { domain: 'third' }, alwaysRunnable()));
    const wakes = simulation.report().vcpus.reduce((sum, { stats }) => sum + (stats?.wakeLatency.count ?? 0), 0);
    // One for each wake, one for each sleep, and ten in a second of computing.
    expect(simulation.report().decisions).toBeLessThan(2 * wakes + 200);
  });
});

describe('who waits for a pCPU', () => {
  const full = () => {
    const simulation = new Simulation({ scheduler: new Null(), pcpus: [0], trace: true });
    simulation.spawn(1, { domain: 'first' }, periodic(1_000_000, 10_000_000));
    simulation.spawn(2, { domain: 'second' }, alwaysRunnable());
    simulation.runUntil(SECOND);
    expect(simulation.service(2)).toBe(0);
    return simulation;
  };

  it('has the one that comes', () => {
    const simulation = full();
    simulation.addPcpu(1);
    simulation.runUntil(2 * SECOND);
    expect(simulation.service(2)).toBe(SECOND);
  });

  it.each([5, 5_500_000])('has that of one that leaves, %i ns into its period', (into) => {
    const simulation = full();
    simulation.runUntil(SECOND + into);
    simulation.remove(1);
    simulation.runUntil(2 * SECOND);
    expect(simulation.service(2)).toBe(SECOND - into);
  });

  it.each([5, 5_500_000])('has that of one that may not stay there, %i ns into its period', (into) => {
    const simulation = full();
    simulation.runUntil(SECOND + into);
    simulation.change(1, { affinity: [7] });
    simulation.runUntil(2 * SECOND);
    expect(simulation.service(2)).toBe(SECOND - into);
    const before = simulation.service(1);
    simulation.addPcpu(7);
    simulation.runUntil(3 * SECOND);
    expect(simulation.service(1)).toBeGreaterThan(before);
  });

  it('gives way to nobody when its own pCPU is taken away and none is left', () => {
    const simulation = full();
    simulation.addPcpu(1);
    simulation.runUntil(2 * SECOND);
    simulation.removePcpu(1);
    simulation.runUntil(3 * SECOND);
    expect(simulation.service(2)).toBe(SECOND);
    expect(simulation.report().vcpus[0].late).toBe(0);
  });
});
