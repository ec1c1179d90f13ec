import type { SchedulerFactory } from '@vivarium/contracts';
import { roundRobin } from '@vivarium/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dispatcher, type DispatcherTrouble } from '../src/index.ts';
import { FakeLease, FakeTime, settled } from './fake-lease.ts';

const MILLISECOND = 1_000_000;

const host = (pcpus: number, scheduler: SchedulerFactory = roundRobin()) => {
  const time = new FakeTime();
  const trouble: DispatcherTrouble[] = [];
  const dispatcher = new Dispatcher({ scheduler, pcpus, time, onTrouble: (what) => trouble.push(what) });
  const attach = (name: string, vcpus = 1, parameters = {}) => {
    const lease = new FakeLease(time, vcpus);
    const guest = dispatcher.attach({ name, lease, vcpus: new Array(vcpus).fill(parameters) });
    return { lease, guest };
  };
  return { time, trouble, dispatcher, attach };
};

describe('a dispatcher', () => {
  it('shares a pCPU, charges what ran, and tells guests what they waited', async () => {
    const { time, attach, dispatcher } = host(1);
    const [one, other] = [attach('one'), attach('other')];
    await time.advance(100 * MILLISECOND);
    const ran = [...one.lease.ran, ...other.lease.ran];
    expect(Math.abs(ran[0] - ran[1])).toBeLessThanOrEqual(MILLISECOND);
    const [[mine], [others]] = [one.guest.stats, other.guest.stats];
    expect(mine.run).toBe(one.lease.ran[0]);
    expect(mine.run + mine.ready).toBe(time.now());
    expect(mine.run + others.run).toBe(time.now());
    expect(one.lease.stolen.at(-1)).toBeGreaterThan(40 * MILLISECOND);
    expect(dispatcher.pcpus).toMatchObject([{ pcpu: 0, busy: time.now(), idle: 0 }]);
    expect(dispatcher.pcpus[0].switches).toBeGreaterThan(90);
  });

  it('runs on every pCPU at once', async () => {
    const { time, attach } = host(3);
    const { lease } = attach('wide', 4);
    await time.advance(60 * MILLISECOND);
    expect(lease.ran.reduce((sum, ran) => sum + ran, 0)).toBeGreaterThan(175 * MILLISECOND);
    expect(lease.overlaps).toBe(0);
  });

  it('lets pCPUs rest while guests sleep, and runs who wakes at once', async () => {
    const { time, attach, dispatcher } = host(1);
    const { lease, guest } = attach('sleeper');
    await time.advance(MILLISECOND / 2);
    expect(guest.stats[0].run).toBe(MILLISECOND / 2);
    await time.advance(MILLISECOND / 2);
    lease.sleep(0);
    await time.advance(50 * MILLISECOND);
    lease.wake(0);
    await time.advance(MILLISECOND);
    expect(dispatcher.pcpus[0].idle).toBe(50 * MILLISECOND);
    expect(guest.stats[0].blocked).toBe(50 * MILLISECOND);
    expect(guest.stats[0].wakeLatency.max).toBe(0);
    expect(lease.ran[0]).toBe(2 * MILLISECOND);
  });

  it('does not lose a wake that overtakes the end of a grant', async () => {
    const { time, attach } = host(1);
    const { lease } = attach('racer');
    await settled();
    // The cell has said that it sleeps; the promise tells of it later than the wake comes.
    lease.sleep(0);
    lease.wake(0);
    await time.advance(5 * MILLISECOND);
    expect(lease.ran[0]).toBe(5 * MILLISECOND);
  });

  it('keeps a cap, by an alarm where nobody else runs', async () => {
    const { time, attach } = host(1);
    const { lease } = attach('capped', 1, { cap: 250 });
    await time.advance(1000 * MILLISECOND);
    expect(lease.ran[0] / time.now()).toBeCloseTo(0.25, 2);
    expect(lease.ran[0]).toBeLessThanOrEqual(0.25 * time.now() + 2.5 * MILLISECOND);
  });

  it('runs a capped guest on that slept, or was paused, with its budget used up', async () => {
    const { time, attach } = host(1);
    const { lease } = attach('capped', 1, { cap: 500 });
    await time.advance(4.95 * MILLISECOND);
    lease.sleep(0);
    await time.advance(MILLISECOND / 100);
    lease.wake(0);
    await time.advance(100 * MILLISECOND);
    expect(lease.ran[0]).toBeGreaterThan(40 * MILLISECOND);
  });

  it('changes parameters while guests run', async () => {
    const { time, attach } = host(1);
    const { lease, guest } = attach('capped');
    await time.advance(100 * MILLISECOND);
    guest.change({ cap: 100 });
    const before = lease.ran[0];
    expect(before).toBe(100 * MILLISECOND);
    await time.advance(1000 * MILLISECOND);
    expect((lease.ran[0] - before) / (1000 * MILLISECOND)).toBeCloseTo(0.1, 2);
    guest.change({ cap: 0 }, 0);
    await time.advance(10 * MILLISECOND);
    expect(() => guest.change({ weight: 0 })).toThrow(/weight/);
    expect(() => guest.change({ weight: 7 }, 3)).toThrow(/no vCPU 3/);
  });

  it('takes back what a guest holds that is detached, or whose run is over', async () => {
    const { time, attach, dispatcher } = host(1);
    const [one, other, third] = [attach('one'), attach('other'), attach('third')];
    await time.advance(10 * MILLISECOND);
    one.guest.detach();
    other.lease.end();
    await Promise.all([one.guest.detached, other.guest.detached]);
    expect(dispatcher.guests.map(({ name }) => name)).toEqual(['third']);
    const before = third.lease.ran[0];
    await time.advance(10 * MILLISECOND);
    expect(third.lease.ran[0] - before).toBe(10 * MILLISECOND);
    expect(one.lease.listeners + other.lease.listeners).toBe(0);
    expect(one.guest.stats[0].run).toBe(one.lease.ran[0]);
    expect(() => one.guest.change({ weight: 1 })).toThrow(/no vCPU/);
    attach('one');
    expect(() => attach('one')).toThrow(/has pCPUs already/);
  });

  it('does not give a pCPU to the next before who was detached has left it', async () => {
    const { time, attach, trouble } = host(1);
    const [stuck, waiting] = [attach('stuck'), attach('waiting')];
    stuck.lease.stubborn = true;
    await settled();
    stuck.guest.detach();
    await time.advance(MILLISECOND / 2);
    expect(waiting.lease.ran[0]).toBe(0);
    expect(waiting.lease.grants[0]).toBeUndefined();
    await time.advance(2 * MILLISECOND);
    expect(waiting.lease.ran[0]).toBeGreaterThan(0);
    expect(trouble).toEqual([]);
  });

  it('refuses a guest whose parameters its scheduler refuses, and keeps nothing of it', () => {
    const { dispatcher, attach, time } = host(1);
    const lease = new FakeLease(time, 2);
    expect(() => dispatcher.attach({ name: 'guest', lease, vcpus: [{}, { weight: -1 }] })).toThrow(/weight/);
    expect(dispatcher.guests).toEqual([]);
    expect(dispatcher.pools[0].vcpus).toEqual([]);
    expect(lease.listeners).toBe(0);
    attach('guest', 2);
  });

  it('charges what was held where the cell is not to be trusted', async () => {
    const { time, dispatcher } = host(1);
    const lease = new FakeLease(time, 1);
    const liar = { grant: lease.grant.bind(lease), revoke: lease.revoke.bind(lease), onWake: lease.onWake.bind(lease) };
    liar.grant = async (...grant) => ({ ...(await lease.grant(...grant)), ranFor: 0 });
    const guest = dispatcher.attach({ name: 'liar', lease: liar, vcpus: [{}], charge: 'held' });
    await time.advance(20 * MILLISECOND);
    expect(guest.stats[0].run).toBeGreaterThanOrEqual(19 * MILLISECOND);
  });
});

describe('trouble', () => {
  it('is a guest that keeps its pCPU; the others go on where there are more', async () => {
    const { time, trouble, attach, dispatcher } = host(2);
    const [stuck, other] = [attach('stuck'), attach('other')];
    await settled();
    const grant = stuck.lease.grants[0];
    stuck.lease.grants[0] = undefined; // whoever revokes it is not heard any more
    stuck.lease.stubborn = true;
    await time.advance(0);
    const lost = new FakeLease(time, 1);
    lost.grant = () => new Promise(() => {});
    dispatcher.attach({ name: 'lost', lease: lost, vcpus: [{}] });
    grant?.end('asleep');
    await time.advance(2000 * MILLISECOND);
    expect(trouble).toMatchObject([{ kind: 'overdue', guest: 'lost', vcpu: 0 }]);
    expect(other.lease.ran[0]).toBeGreaterThan(1900 * MILLISECOND);
  });

  it('is a lease that fails; its guest is detached', async () => {
    const { time, trouble, dispatcher } = host(1);
    const lease = new FakeLease(time, 1);
    lease.grant = () => Promise.reject(new Error('gone'));
    const guest = dispatcher.attach({ name: 'broken', lease, vcpus: [{}] });
    await guest.detached;
    expect(trouble).toMatchObject([{ kind: 'failed', guest: 'broken', error: { message: 'gone' } }]);
  });

  it('is a scheduler that decides what cannot be', async () => {
    const broken = (decision: object): SchedulerFactory => ({
      name: 'broken',
      create: () => Object.assign(roundRobin().create(), { pick: () => decision }),
    });
    for (const decision of [
      { kind: 'run', vcpu: 99, slice: 1000 },
      { kind: 'run', vcpu: 0, slice: 0 },
      { kind: 'run', vcpu: 0, slice: Number.NaN },
      { kind: 'idle', until: undefined, kick: 0 },
    ]) {
      const { time, trouble, attach } = host(1, broken(decision));
      attach('guest');
      await time.advance(10 * MILLISECOND);
      expect(trouble.length).toBeGreaterThan(5);
      expect(trouble.every((what) => what.kind === 'decision')).toBe(true);
    }
  });
});

describe('pools', () => {
  it('change while guests run', async () => {
    const { time, dispatcher, attach } = host(2);
    const guests = ['a', 'b', 'c'].map((name) => attach(name));
    await time.advance(10 * MILLISECOND);
    dispatcher.createPool('apart', roundRobin(300_000, 'quick'));
    dispatcher.movePcpu(1, 'apart');
    dispatcher.moveGuest('a', 'apart');
    await time.advance(MILLISECOND);
    const before = guests.map(({ lease }) => lease.ran[0]);
    await time.advance(20 * MILLISECOND);
    const ran = guests.map(({ lease }, index) => (lease.ran[0] - before[index]) / MILLISECOND);
    expect(ran[0]).toBeCloseTo(20, 0);
    expect(Math.abs(ran[1] - 10)).toBeLessThanOrEqual(1);
    expect(dispatcher.pools.map(({ pcpus }) => pcpus)).toEqual([[0], [1]]);
    dispatcher.setScheduler('default', roundRobin(2 * MILLISECOND, 'slow'));
    await time.advance(10 * MILLISECOND);
    expect(dispatcher.pools.map(({ scheduler }) => scheduler)).toEqual(['slow', 'quick']);
    expect(dispatcher.poolOf('a')).toBe('apart');
  });

  it('lose pCPUs once what runs there has stopped', async () => {
    const { time, dispatcher, attach } = host(2);
    const { lease } = attach('guest', 2);
    await time.advance(3 * MILLISECOND);
    await dispatcher.removePcpu(0);
    expect(dispatcher.pcpus.map(({ pcpu }) => pcpu)).toEqual([1]);
    const before = lease.ran.reduce((sum, ran) => sum + ran, 0);
    await time.advance(10 * MILLISECOND);
    expect(lease.ran.reduce((sum, ran) => sum + ran, 0) - before).toBeLessThanOrEqual(10 * MILLISECOND);
    expect(() => dispatcher.removePcpu(0)).toThrow(/no pCPU 0/);
    expect(dispatcher.addPcpu()).toBe(2);
  });
});

describe('whatever happens', () => {
  const POOLS = ['default', 'other'];
  const step = fc.record({
    act: fc.constantFrom(
      'sleep',
      'wake',
      'wake',
      'pass',
      'pass',
      'detach',
      'end',
      'move',
      'place',
      'scheduler',
      'add',
      'remove',
    ),
    which: fc.nat(4),
    vcpu: fc.nat(1),
    pool: fc.constantFrom(...POOLS),
    time: fc.integer({ min: 1, max: 3 * MILLISECOND }),
  });

  it('a vCPU runs on one pCPU at most, a pCPU runs one vCPU at most, and none rests while one waits for it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { time, trouble, dispatcher, attach } = host(2);
        dispatcher.createPool('other', roundRobin(700_000, 'other'));
        const guests = Array.from({ length: 5 }, (_, index) => attach(`${index}`, 2));
        const pcpu = (which: number) => dispatcher.pcpus.at(which % Math.max(dispatcher.pcpus.length, 1))?.pcpu;
        const acts: Record<string, (now: (typeof steps)[number]) => unknown> = {
          pass: (now) => time.advance(now.time),
          sleep: ({ which, vcpu }) => guests[which].lease.sleep(vcpu),
          wake: ({ which, vcpu }) => guests[which].lease.wake(vcpu),
          detach: ({ which }) => guests[which].guest.detach(),
          end: ({ which }) => guests[which].lease.end(),
          move: ({ which, pool }) => dispatcher.pcpus.length > 0 && dispatcher.movePcpu(pcpu(which) ?? 0, pool),
          place: ({ which, pool }) => dispatcher.moveGuest(`${which}`, pool),
          scheduler: ({ pool }) => dispatcher.setScheduler(pool, roundRobin(500_000)),
          add: () => dispatcher.pcpus.length < 4 && dispatcher.addPcpu(),
          remove: ({ which }) => dispatcher.pcpus.length > 0 && dispatcher.removePcpu(pcpu(which) ?? 0),
        };
        for (const now of steps) {
          await acts[now.act](now);
          await settled();
          const grants = guests.flatMap(({ lease }) => lease.grants.filter((grant) => grant !== undefined));
          expect(time.occupied).toBe(grants.length);
          for (const { name, pcpus } of dispatcher.pools) {
            const own = guests.filter(
              ({ guest }) => dispatcher.guests.includes(guest) && dispatcher.poolOf(guest.name) === name,
            );
            const wanted = own.flatMap(({ lease }) => lease.awake.filter(Boolean)).length;
            const running = own.flatMap(({ lease }) => lease.grants.filter((grant) => grant !== undefined)).length;
            expect(running).toBe(Math.min(wanted, pcpus.length));
          }
        }
        expect(guests.reduce((sum, { lease }) => sum + lease.overlaps, 0)).toBe(0);
        expect(trouble).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
