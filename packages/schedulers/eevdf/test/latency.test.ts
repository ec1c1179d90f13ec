import { alwaysRunnable, bursty, interactive, lockHolders, Simulation } from '@vivarium/scheduler-sim';
import { describe, expect, it } from 'vitest';
import { Eevdf } from '../src/index.ts';

describe('latency under eevdf', () => {
  it('is bought by a short slice, which buys no share', () => {
    const run = (slice: number) => {
      const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0] });
      simulation.spawn(1, { domain: 'editor', slice }, interactive(300_000, 10_000_000));
      for (const id of [2, 3, 4]) simulation.spawn(id, { domain: `batch-${id}`, slice: 28_000_000 }, alwaysRunnable());
      simulation.spawn(5, { domain: 'hurried', slice }, alwaysRunnable());
      simulation.runUntil(20e9);
      return { latency: simulation.report().vcpus[0].stats?.wakeLatency, hurried: simulation.service(5) / 20e9 };
    };
    const [short, long] = [run(700_000), run(28_000_000)];
    expect(short.latency?.count).toBeGreaterThan(1000);
    expect(short.latency?.p99).toBeLessThan(3_000_000);
    expect(long.latency?.p99).toBeGreaterThan(10_000_000);
    expect(Math.abs(short.hurried - long.hurried)).toBeLessThan(0.01);
  });

  it('is nothing while a pCPU is idle', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0, 1] });
    simulation.spawn(1, { domain: 'editor' }, interactive(300_000, 10_000_000));
    simulation.spawn(2, { domain: 'batch' }, alwaysRunnable());
    simulation.runUntil(10e9);
    expect(simulation.report().vcpus[0].stats?.wakeLatency.max).toBe(0);
  });
});

describe('siblings that wait for each other, under eevdf', () => {
  /** Four vCPUs that share a spin lock, beside six others of all kinds, on four pCPUs. */
  const simulate = (gang: boolean, patience: number | undefined) => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0, 1, 2, 3], seed: 3 });
    const times = { outside: 400_000, inside: 60_000, ...(patience === undefined ? {} : { patience }) };
    for (const [id, workload] of lockHolders(4, times).entries()) {
      simulation.spawn(id, { domain: 'smp', gang }, workload);
    }
    for (const [index, weight] of [100, 256, 300, 500, 700, 200].entries()) {
      const workload = index % 2 === 0 ? bursty(5_000_000, 5_000_000) : alwaysRunnable();
      simulation.spawn(10 + index, { domain: `batch-${index}`, weight }, workload);
    }
    simulation.runUntil(10e9);
    const siblings = simulation.report().vcpus.filter(({ vcpu }) => vcpu < 10);
    const service = siblings.reduce((sum, one) => sum + one.service, 0);
    return { siblings, service, spun: siblings.reduce((sum, one) => sum + one.spun, 0) / service };
  };

  it('spin less as a gang, and far less when they give way to the holder of the lock', () => {
    const strangers = simulate(false, undefined);
    expect(strangers.spun).toBeGreaterThan(0.15);
    expect(simulate(true, undefined).spun).toBeLessThan(0.95 * strangers.spun);
    expect(simulate(true, 20_000).spun).toBeLessThan(strangers.spun / 5);
  });

  it('take nothing from others for being a gang', () => {
    expect(simulate(true, 20_000).service / simulate(false, undefined).service).toBeCloseTo(1, 2);
  });

  it('are never further apart than two slices', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0, 1, 2] });
    for (const id of [0, 1, 2]) simulation.spawn(id, { domain: 'smp', gang: true }, alwaysRunnable());
    for (const id of [10, 11, 12, 13]) {
      simulation.spawn(id, { domain: `batch-${id}`, weight: 100 * (id - 9) }, alwaysRunnable());
    }
    for (let time = 1e6; time < 2e9; time += 1e6) {
      simulation.runUntil(time);
      const services = [0, 1, 2].map((id) => simulation.service(id));
      expect(Math.max(...services) - Math.min(...services)).toBeLessThan(2 * 2_800_000);
    }
  });
});
