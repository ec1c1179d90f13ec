import type { PcpuId, SchedulerFactory } from '@vivarium/contracts';
import { CpuPools } from '@vivarium/cpu-pools';
import { createHostThread } from '@vivarium/host';
import { Arinc653 } from '@vivarium/scheduler-arinc653';
import { Credit2 } from '@vivarium/scheduler-credit2';
import { Eevdf } from '@vivarium/scheduler-eevdf';
import { Null } from '@vivarium/scheduler-null';
import { Rtds } from '@vivarium/scheduler-rtds';
import type { Simulation } from '@vivarium/scheduler-sim';
import { describe, expect, it } from 'vitest';
import { type MixGuest, onHost, simulated } from '../src/mix.ts';

const MILLISECOND = 1_000_000;
const TIME = 400 * MILLISECOND;
const busy = (name: string, parameters: MixGuest['parameters'] = {}): MixGuest => ({
  name,
  work: { kind: 'busy' },
  parameters,
});
const periodic = (
  name: string,
  service: number,
  period: number,
  parameters: MixGuest['parameters'] = {},
): MixGuest => ({
  name,
  work: { kind: 'periodic', service: service * MILLISECOND, period: period * MILLISECOND },
  parameters,
});
const reserve = (budget: number, period: number) => ({
  reservation: { budget: budget * MILLISECOND, period: period * MILLISECOND },
});

interface Case {
  readonly scheduler: SchedulerFactory;
  readonly guests: readonly MixGuest[];
}

const eevdf: SchedulerFactory = { name: 'eevdf', create: () => new Eevdf() };
const credit2: SchedulerFactory = {
  name: 'credit2',
  create: () => new Credit2({ rateLimit: MILLISECOND, pcpusPerQueue: 16 }),
};
const CASES: readonly Case[] = [
  {
    scheduler: eevdf,
    guests: [busy('a', { weight: 100 }), busy('b', { weight: 300, slice: 700_000 }), busy('c', { weight: 600 })],
  },
  {
    scheduler: eevdf,
    guests: [busy('heavy', { weight: 800 }), busy('capped', { weight: 800, cap: 200 }), periodic('timer', 1, 8)],
  },
  {
    scheduler: credit2,
    guests: [busy('a', { weight: 256 }), busy('b', { weight: 512 }), busy('capped', { weight: 512, cap: 250 })],
  },
  {
    scheduler: { name: 'rtds', create: () => new Rtds() },
    guests: [busy('a', reserve(2, 10)), busy('b', reserve(3, 10)), periodic('c', 4, 20, reserve(4.2, 20))],
  },
  {
    scheduler: {
      name: 'arinc653',
      create: () =>
        new Arinc653({
          majorFrame: 20 * MILLISECOND,
          windows: [
            { domain: 'flight', duration: 10 * MILLISECOND },
            { domain: 'cabin', duration: 4 * MILLISECOND },
          ],
          turn: MILLISECOND,
        }),
    },
    guests: [busy('flight'), busy('cabin'), busy('stowaway')],
  },
  { scheduler: { name: 'null', create: () => new Null() }, guests: [busy('one'), periodic('other', 1, 4)] },
];

/** Parts of the time, in percent. */
const percent = (ran: readonly number[]) => ran.map((each) => (each / TIME) * 100);

/** Real guests look whether they should stop when a slice is over; the simulation stops them at once. */
const TOLERANCE = 2;

describe('small guests on a host have what the same mix has in a simulation', () => {
  it.each(
    CASES.map((each) => [`${each.scheduler.name}: ${each.guests.map(({ name }) => name).join(', ')}`, each] as const),
  )('under %s', async (_, { scheduler, guests }) => {
    const expected = percent(simulated(scheduler.create(), guests, TIME));
    const measured = percent(await onHost(scheduler, guests, createHostThread('virtual'), TIME));
    for (const [index, share] of measured.entries()) {
      expect(
        Math.abs(share - expected[index]),
        `${guests[index].name}: ${measured.join()} for ${expected.join()}`,
      ).toBeLessThan(TOLERANCE);
    }
  });

  it('when weights, pools and schedulers change while they run', async () => {
    const guests = [busy('a', { weight: 100 }), busy('b', { weight: 300 }), periodic('c', 1, 5)];
    const at = (eighth: number) => (TIME / 8) * eighth;
    const pools = new CpuPools(eevdf);
    pools.createPool('other', credit2);
    const expected = simulated(pools, guests, TIME, [
      { at: at(1), act: (simulation) => simulation.change(0, { weight: 900 }) },
      {
        at: at(2),
        act: (simulation) => reschedule(simulation, pools.setScheduler('default', credit2, simulation.now)),
      },
      // Nobody has a pCPU there yet, so that the other two have all.
      { at: at(3), act: (simulation) => reschedule(simulation, pools.moveDomain('b', 'other', simulation.now)) },
      { at: at(5), act: (simulation) => reschedule(simulation, pools.movePcpu(0, 'other', simulation.now)) },
      { at: at(6), act: (simulation) => reschedule(simulation, pools.moveDomain('a', 'other', simulation.now)) },
      { at: at(7), act: (simulation) => simulation.change(1, { cap: 100 }) },
    ]);
    const measured = await onHost(eevdf, guests, createHostThread('virtual'), TIME, [
      { at: 0, act: (dispatcher) => dispatcher.createPool('other', credit2) },
      { at: at(1), act: (_, [a]) => a.change({ weight: 900 }) },
      { at: at(2), act: (dispatcher) => dispatcher.setScheduler('default', credit2) },
      { at: at(3), act: (dispatcher) => dispatcher.moveGuest('b', 'other') },
      { at: at(5), act: (dispatcher) => dispatcher.movePcpu(0, 'other') },
      { at: at(6), act: (dispatcher) => dispatcher.moveGuest('a', 'other') },
      { at: at(7), act: (_dispatcher, [, b]) => b.change({ cap: 100 }) },
    ]);
    for (const [index, share] of percent(measured).entries()) {
      expect(
        Math.abs(share - percent(expected)[index]),
        `${percent(measured).join()} for ${percent(expected).join()}`,
      ).toBeLessThan(TOLERANCE);
    }
    const [a, b] = percent(measured);
    expect(a).toBeGreaterThan(40);
    expect(b).toBeGreaterThan(20);
  });

  it('and have it again, to the nanosecond, when they run again', async () => {
    const [{ scheduler, guests }] = [CASES[1]];
    const run = () => onHost(scheduler, guests, createHostThread('virtual'), TIME / 4);
    expect(await run()).toEqual(await run());
  });
});

const reschedule = (simulation: Simulation, pcpus: readonly PcpuId[]): void => {
  for (const pcpu of pcpus) simulation.reschedule(pcpu);
};
