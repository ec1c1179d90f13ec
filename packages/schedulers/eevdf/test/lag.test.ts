import { alwaysRunnable, bursty, Simulation } from '@vivarium/scheduler-sim';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Eevdf } from '../src/index.ts';

const SLICES = [700_000, 2_800_000, 28_000_000] as const;
const slice = fc.constantFrom(...SLICES);
const weight = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(1, 10, 100, 1000));
const guests = (slices: fc.Arbitrary<number>) =>
  fc.array(fc.record({ weight, slice: slices }), { minLength: 2, maxLength: 20 });

/** vCPUs that always want to run, from time 0 on; the worst lags of all of them. */
const lags = (set: readonly { weight: number; slice: number }[], pcpus: number, quantum: number) => {
  const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [...Array(pcpus).keys()], quantum });
  for (const [id, parameters] of set.entries()) {
    simulation.spawn(id, { domain: `guest-${id}`, ...parameters }, alwaysRunnable());
  }
  const longest = Math.max(...set.map((one) => one.slice));
  simulation.runUntil(200 * longest);
  const { vcpus } = simulation.report();
  const behind = Math.max(...vcpus.map(({ mostLag }) => mostLag));
  return { longest, behind, ahead: Math.min(...vcpus.map(({ leastLag }) => leastLag)) };
};

describe('the lag of vCPUs that always want to run, under eevdf', () => {
  const pcpus = fc.integer({ min: 1, max: 8 });

  it('is less than the longest slice either way: weights 1 to 1000, slices of one length, 1 to 8 pCPUs', () => {
    fc.assert(
      fc.property(
        slice.chain((one) => guests(fc.constant(one))),
        pcpus,
        (set, count) => {
          const { longest, behind, ahead } = lags(set, count, 1);
          expect(behind).toBeLessThan(longest);
          expect(ahead).toBeGreaterThan(-longest);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is less than the longest slice either way when slices are mixed', () => {
    fc.assert(
      fc.property(guests(slice), pcpus, (set, count) => {
        const { longest, behind, ahead } = lags(set, count, 1);
        expect(behind).toBeLessThan(longest);
        expect(ahead).toBeGreaterThan(-longest);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what a vCPU has too much or too little when it sleeps, under eevdf', () => {
  it('is kept: sleeping for a moment gains nothing', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0] });
    let asleep = false;
    simulation.spawn(1, { domain: 'sleeper' }, ({ now }) => {
      asleep = !asleep;
      return asleep ? { kind: 'run', service: 2_800_000 } : { kind: 'sleep', until: now + 1000 };
    });
    simulation.spawn(2, { domain: 'other' }, alwaysRunnable());
    simulation.runUntil(10e9);
    expect(simulation.service(1) / 10e9).toBeLessThan(0.505);
  });

  it('is no more than a slice: a long sleep is no credit', () => {
    const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [0] });
    simulation.spawn(1, { domain: 'sleeper' }, ({ now }) =>
      now < 60e9 ? { kind: 'sleep', until: 60e9 } : { kind: 'run' },
    );
    simulation.spawn(2, { domain: 'other' }, alwaysRunnable());
    simulation.runUntil(60e9 + 1e9);
    expect(simulation.service(1)).toBeLessThan(0.5e9 + 2 * 2_800_000);
    expect(simulation.service(1)).toBeGreaterThan(0.5e9 - 2 * 2_800_000);
  });

  it('does not add up: equals stay equal, within 1%, beside others that come and go', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer(), (pcpus, seed) => {
        const simulation = new Simulation({ scheduler: new Eevdf(), pcpus: [...Array(pcpus).keys()], seed });
        const always = [0, 1, 2];
        for (const id of always) simulation.spawn(id, { domain: `always-${id}`, weight: 200 }, alwaysRunnable());
        for (let id = 10; id < 18; id += 1) {
          simulation.spawn(id, { domain: `now-and-then-${id}`, weight: 100 }, bursty(3_000_000, 9_000_000));
        }
        simulation.runUntil(5e9);
        const services = always.map((id) => simulation.service(id));
        expect(Math.min(...services) / Math.max(...services)).toBeGreaterThan(0.99);
      }),
      { numRuns: 20 },
    );
  });
});
