import type { PcpuId } from '@vivarium/contracts';
import { alwaysRunnable, bursty, interactive, Simulation } from '@vivarium/scheduler-sim';
import { roundRobin } from '@vivarium/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CpuPools } from '../src/index.ts';

const MILLISECOND = 1_000_000;

/** A simulation of pools; what changes them has the pCPUs reschedule that it names. */
const simulate = (pcpus: number, quantum = 1) => {
  const pools = new CpuPools(roundRobin());
  const simulation = new Simulation({ scheduler: pools, pcpus: [...Array(pcpus).keys()], quantum, trace: true });
  const apply = (hints: readonly PcpuId[]) => {
    for (const pcpu of hints) simulation.reschedule(pcpu);
  };
  return { pools, simulation, apply };
};

/** vCPUs whose stats are not what the simulation saw. */
const miscounted = (simulation: Simulation): readonly number[] =>
  simulation
    .report()
    .vcpus.filter(({ service, stats }) => {
      const age = (stats?.run ?? 0) + (stats?.ready ?? 0) + (stats?.blocked ?? 0);
      return stats?.run !== service || age !== simulation.now || stats.parked > stats.ready;
    })
    .map(({ vcpu }) => vcpu);

describe('pools', () => {
  it('are disjoint: guests run on the pCPUs of their pool and nowhere else', () => {
    const { pools, simulation, apply } = simulate(4);
    pools.createPool('batch', roundRobin());
    apply(pools.movePcpu(3, 'batch', 0));
    apply(pools.moveDomain('night', 'batch', 0));
    for (const id of [0, 1, 2]) simulation.spawn(id, { domain: 'day' }, alwaysRunnable());
    for (const id of [10, 11]) simulation.spawn(id, { domain: 'night' }, alwaysRunnable());
    simulation.runUntil(1000 * MILLISECOND);
    const astray = simulation.trace.runs.filter(({ vcpu, pcpu }) => vcpu >= 10 !== (pcpu === 3));
    expect(astray).toEqual([]);
    expect([0, 1, 2].map((id) => simulation.service(id))).toEqual([1, 1, 1].map((one) => one * 1000 * MILLISECOND));
    expect(simulation.service(10) + simulation.service(11)).toBe(1000 * MILLISECOND);
    expect(pools.report()).toEqual([
      { name: 'default', scheduler: 'round-robin', pcpus: [0, 1, 2], vcpus: [0, 1, 2] },
      { name: 'batch', scheduler: 'round-robin', pcpus: [3], vcpus: [10, 11] },
    ]);
    expect([pools.poolOf('day'), pools.poolOf('night')]).toEqual(['default', 'batch']);
  });

  it('can be given pCPUs while guests run there, which go on at once in their own pool', () => {
    const { pools, simulation, apply } = simulate(2);
    pools.createPool('batch', roundRobin());
    apply(pools.moveDomain('night', 'batch', 0));
    for (const id of [0, 1]) simulation.spawn(id, { domain: 'day' }, alwaysRunnable());
    simulation.spawn(10, { domain: 'night' }, alwaysRunnable());
    simulation.runUntil(10.5 * MILLISECOND);
    expect(simulation.service(10)).toBe(0);
    apply(pools.movePcpu(1, 'batch', simulation.now));
    simulation.runUntil(20.5 * MILLISECOND);
    expect(simulation.service(10)).toBe(10 * MILLISECOND);
    expect(simulation.service(0) + simulation.service(1)).toBe(31 * MILLISECOND);
    apply(pools.movePcpu(1, 'default', simulation.now));
    simulation.runUntil(30.5 * MILLISECOND);
    expect(simulation.service(10)).toBe(10 * MILLISECOND);
    expect(simulation.service(0) + simulation.service(1)).toBe(51 * MILLISECOND);
    expect(miscounted(simulation)).toEqual([]);
  });

  it('can be given guests while these run', () => {
    const { pools, simulation, apply } = simulate(2);
    pools.createPool('batch', roundRobin());
    apply(pools.movePcpu(1, 'batch', 0));
    simulation.spawn(0, { domain: 'mover' }, alwaysRunnable());
    simulation.spawn(1, { domain: 'mover' }, interactive(100_000, MILLISECOND));
    simulation.runUntil(10.5 * MILLISECOND);
    apply(pools.moveDomain('mover', 'batch', simulation.now));
    simulation.runUntil(100 * MILLISECOND);
    const late = simulation.trace.runs.filter(({ start, pcpu }) =>
      start < 10.5 * MILLISECOND ? pcpu !== 0 : pcpu !== 1,
    );
    expect(late).toEqual([]);
    expect(miscounted(simulation)).toEqual([]);
    expect(simulation.report().vcpus[0].stats?.migrations).toBe(1);
  });

  it('can be given another scheduler while guests run', () => {
    const { pools, simulation, apply } = simulate(2);
    for (const id of [0, 1, 2])
      simulation.spawn(id, { domain: `guest-${id}`, cap: id === 2 ? 200 : 0 }, alwaysRunnable());
    simulation.runUntil(10.5 * MILLISECOND);
    const before = simulation.report().decisions;
    apply(pools.setScheduler('default', roundRobin(100_000, 'hasty'), simulation.now));
    simulation.runUntil(1010.5 * MILLISECOND);
    expect(pools.report()[0].scheduler).toBe('hasty');
    // A tenth of the slice: ten times as many decisions.
    expect(simulation.report().decisions - before).toBeGreaterThan(15_000);
    expect(simulation.service(0) + simulation.service(1) + simulation.service(2)).toBe(2 * 1010.5 * MILLISECOND);
    // The cap came along; what was used of it did not.
    expect(simulation.trace.mostUsedIn(new Set([2]), 100 * MILLISECOND)).toBeLessThanOrEqual(22 * MILLISECOND);
    expect(simulation.service(2)).toBeLessThanOrEqual(204 * MILLISECOND + 2 * MILLISECOND);
    expect(miscounted(simulation)).toEqual([]);
  });

  it('stay sane while everything is moved about, and guests are slow to stop', () => {
    const action = fc.record({
      kind: fc.constantFrom('pcpu', 'domain', 'scheduler', 'remove', 'add', 'lose'),
      which: fc.nat(3),
      pool: fc.constantFrom('default', 'second', 'third'),
      after: fc.integer({ min: 0, max: 3 * MILLISECOND }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.integer({ min: 1, max: 1e6 }), (actions, seed) => {
        const pools = new CpuPools(roundRobin());
        for (const name of ['second', 'third']) pools.createPool(name, roundRobin(300_000));
        // The simulation throws when a vCPU is run twice, or while it sleeps.
        const simulation = new Simulation({ scheduler: pools, pcpus: [0, 1, 2, 3], quantum: 70_000, seed });
        const workloads = [alwaysRunnable, () => bursty(MILLISECOND, MILLISECOND), () => interactive(50_000, 500_000)];
        const spawn = (id: number) => simulation.spawn(id, { domain: `guest-${id % 4}` }, workloads[id % 3]());
        const alive = new Set([0, 1, 2, 3, 4, 5]);
        for (const id of alive) spawn(id);
        const present = new Set([0, 1, 2, 3]);
        let next = 6;
        let time = 0;
        for (const { kind, which, pool, after } of actions) {
          time += after;
          simulation.at(time, () => {
            let hints: readonly PcpuId[] = [];
            if (kind === 'pcpu' && present.has(which)) hints = pools.movePcpu(which, pool, simulation.now);
            if (kind === 'domain') hints = pools.moveDomain(`guest-${which}`, pool, simulation.now);
            if (kind === 'scheduler') hints = pools.setScheduler(pool, roundRobin(200_000), simulation.now);
            if (kind === 'add') spawn((alive.add(next), next++));
            if (kind === 'remove' && alive.delete(which)) simulation.remove(which);
            if (kind === 'lose' && present.delete(which)) simulation.removePcpu(which);
            for (const hint of hints) simulation.reschedule(hint);
          });
        }
        simulation.runUntil(time + 1);
        for (const { vcpu, service, stats } of simulation.report().vcpus)
          expect([vcpu, stats?.run]).toEqual([vcpu, service]);
        // At the end everybody has a pCPU to run on, and does.
        simulation.at(time + 2, () => {
          if (present.size === 0) simulation.addPcpu(9);
          for (const pcpu of present)
            for (const hint of pools.movePcpu(pcpu, 'default', simulation.now)) simulation.reschedule(hint);
          for (const which of [0, 1, 2, 3]) {
            for (const hint of pools.moveDomain(`guest-${which}`, 'default', simulation.now))
              simulation.reschedule(hint);
          }
        });
        simulation.runUntil(time + 3);
        const before = new Map([...alive].map((id) => [id, simulation.service(id)]));
        simulation.runUntil(time + 200 * MILLISECOND);
        for (const [id, service] of before) expect(simulation.service(id)).toBeGreaterThan(service);
      }),
      { numRuns: 150 },
    );
  });

  it('are made, named and taken away with care', () => {
    const pools = new CpuPools(roundRobin(), 'main');
    const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
    pools.createPool('batch', roundRobin());
    expect(() => pools.createPool('batch', roundRobin())).toThrowError(code('VIV_POOL_NAME'));
    expect(() => pools.createPool('', roundRobin())).toThrowError(code('VIV_POOL_NAME'));
    expect(() => pools.setScheduler('none', roundRobin(), 0)).toThrowError('there are: main, batch');
    pools.addPcpu(0, 0);
    expect(() => pools.addPcpu(0, 0)).toThrowError(code('VIV_POOL_TAKEN'));
    expect(() => pools.movePcpu(5, 'batch', 0)).toThrowError(code('VIV_POOL_TAKEN'));
    expect(() => pools.movePcpu(0, 'none', 0)).toThrowError(code('VIV_POOL_NAME'));
    pools.movePcpu(0, 'batch', 0);
    expect(() => pools.removePool('batch')).toThrowError(code('VIV_POOL_IN_USE'));
    pools.movePcpu(0, 'main', 0);
    pools.moveDomain('night', 'batch', 0);
    expect(() => pools.removePool('batch')).toThrowError(code('VIV_POOL_IN_USE'));
    pools.moveDomain('night', 'main', 0);
    pools.removePool('batch');
    expect(() => pools.removePool('main')).toThrowError(code('VIV_POOL_IN_USE'));
    expect(pools.report().map(({ name }) => name)).toEqual(['main']);
  });

  it('keep what they have when a new scheduler refuses it', () => {
    const { pools, simulation } = simulate(1);
    for (const id of [0, 1]) simulation.spawn(id, { domain: 'guest' }, alwaysRunnable());
    simulation.runUntil(MILLISECOND);
    const picky = {
      name: 'picky',
      create: () => {
        const scheduler = roundRobin().create();
        scheduler.add = (vcpu) => {
          if (vcpu === 1) throw new Error('not this one');
        };
        return scheduler;
      },
    };
    expect(() => pools.setScheduler('default', picky, simulation.now)).toThrowError('not this one');
    pools.createPool('picky', picky);
    expect(() => pools.moveDomain('guest', 'picky', simulation.now)).toThrowError('not this one');
    expect(pools.report()).toMatchObject([{ scheduler: 'round-robin', vcpus: [0, 1] }, { vcpus: [] }]);
    simulation.runUntil(10 * MILLISECOND);
    expect(simulation.service(0) + simulation.service(1)).toBe(10 * MILLISECOND);
  });
});
