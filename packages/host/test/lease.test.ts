import type { VcpuExit } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type Cell, createHostThread, createInlineCell, type HostThread, type Lease } from '../src/index.ts';
import { busy, FakeMachine, FakeVcpu } from './fake-machine.ts';

const idle = { kind: 'idle' } as const;

/** A vCPU that sleeps, and works for `nanoseconds` whenever its timer is due, every `period`. */
const periodic = (period: number, nanoseconds: number) => {
  let left = nanoseconds;
  return (budget: number, self: FakeVcpu): VcpuExit => {
    self.nextDeadline ??= period;
    const did = Math.min(budget, left / 10);
    self.work(did);
    left -= did * 10;
    if (left > 0) return { kind: 'budget' };
    left = nanoseconds;
    self.nextDeadline += period;
    return idle;
  };
};

const leasedCell = (fake: FakeMachine, thread: boolean | HostThread = true): Cell & { readonly lease: Lease } => {
  const cell = createInlineCell(fake.machine, { leased: thread });
  if (cell.lease === undefined) throw new Error('not leased');
  return cell as Cell & { readonly lease: Lease };
};

/** A cell that runs, with its vCPUs awake. */
const running = async (fake: FakeMachine, thread: boolean | HostThread = true) => {
  const cell = leasedCell(fake, thread);
  const woken: number[] = [];
  const first = new Promise<void>((resolve) => {
    cell.lease.onWake((vcpu) => {
      woken.push(vcpu);
      resolve();
    });
  });
  const outcome = cell.run();
  await first;
  return { cell, lease: cell.lease, woken, outcome };
};

describe('a leased cell', () => {
  it('runs nothing until it is granted something, and no longer than that', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
    const thread = createHostThread('virtual');
    const { cell, lease, woken } = await running(fake, thread);
    expect(woken).toEqual([0]);
    expect(fake.vcpus[0].retired).toBe(0);
    expect(await lease.grant(0, 1_234_560)).toEqual({ ranFor: 1_234_560, next: 'ready' });
    expect(fake.vcpus[0].retired).toBe(123_456);
    expect(thread.now()).toBe(1_234_560);
    await cell.stop();
    expect(await lease.grant(0, 1000)).toEqual({ ranFor: 0, next: 'ended' });
  });

  it('measures what the thread ran, on a real clock', async () => {
    const cpu = (): number => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) * 1000;
    };
    let spent = 0;
    const work = (budget: number, self: FakeVcpu): VcpuExit => {
      const began = cpu();
      while (cpu() < began + 200_000);
      spent += cpu() - began;
      return busy(budget, self);
    };
    const { cell, lease } = await running(new FakeMachine([new FakeVcpu(0, work)]));
    const began = cpu();
    const stint = await lease.grant(0, 3_000_000);
    expect(stint.next).toBe('ready');
    expect(stint.ranFor).toBeGreaterThanOrEqual(spent);
    expect(stint.ranFor).toBeLessThanOrEqual(cpu() - began);
    await cell.stop();
  });

  it('gives back what it cannot use, and keeps its timers', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, periodic(5_000_000, 100_000))], 'virtual');
    const thread = createHostThread('virtual');
    const { cell, lease, woken } = await running(fake, thread);
    const fired: number[] = [];
    fake.clock.timer(() => fired.push(fake.clock.now())).arm(3_000_000);
    expect(await lease.grant(0, 1_000_000)).toEqual({ ranFor: 100_000, next: 'asleep' });
    expect(await lease.grant(0, 1_000_000)).toEqual({ ranFor: 0, next: 'asleep' });
    await new Promise<void>((resolve) => lease.onWake(() => resolve()));
    expect(fired).toEqual([3_000_000]);
    expect(thread.now()).toBe(10_000_000);
    expect(woken).toEqual([0, 0]);
    await cell.stop();
  });

  it('wakes by an interrupt, which may have come while it ran', async () => {
    const sleeper = new FakeVcpu(0, (_budget, self) => {
      self.wakeup = false;
      self.work(1);
      return idle;
    });
    const { cell, lease, woken } = await running(new FakeMachine([sleeper]));
    expect((await lease.grant(0, 1_000_000)).next).toBe('asleep');
    const wake = new Promise<number>((resolve) => lease.onWake(resolve));
    sleeper.raise();
    expect(await wake).toBe(0);
    expect((await lease.grant(0, 1_000_000)).next).toBe('asleep');
    expect(sleeper.retired).toBe(2);
    expect(woken).toEqual([0, 0]);
    await cell.stop();
  });

  it('tells the guest what it waited, where the machine has a way to', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    fake.told = [];
    const { cell, lease } = await running(fake);
    await lease.grant(0, 1000, 5);
    await lease.grant(0, 1000);
    await lease.grant(0, 1000, 7);
    expect(fake.told).toEqual([
      [0, 5],
      [0, 7],
    ]);
    await cell.stop();
  });

  it('stops soon when it is revoked', async () => {
    const { cell, lease } = await running(new FakeMachine([new FakeVcpu(0, busy)]));
    const stint = lease.grant(0, Number.MAX_SAFE_INTEGER - 2 ** 52);
    setTimeout(() => lease.revoke(0), 5);
    expect((await stint).next).toBe('ready');
    await cell.stop();
  });

  it('sleeps while it is paused, and wakes after that', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    const { cell, lease, woken } = await running(fake);
    const stint = lease.grant(0, 10_000_000_000);
    await cell.pause();
    expect((await stint).next).toBe('asleep');
    const before = fake.vcpus[0].retired;
    expect(await lease.grant(0, 1_000_000)).toEqual({ ranFor: 0, next: 'asleep' });
    expect(fake.vcpus[0].retired).toBe(before);
    await cell.resume();
    const again = await lease.grant(0, 1_000_000);
    expect(again.next).toBe('ready');
    expect(fake.vcpus[0].retired).toBeGreaterThan(before);
    expect(woken.length).toBeGreaterThanOrEqual(1);
    await cell.stop();
  });

  it('ends its grants with the run, and wakes so that this is noticed', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        if (self.budgets.length === 3) fake.requestPower({ kind: 'power-off' });
        return busy(budget, self);
      }),
      new FakeVcpu(1, () => idle),
    ]);
    const { lease, woken, outcome } = await running(fake);
    expect((await lease.grant(1, 1_000_000)).next).toBe('asleep');
    expect((await lease.grant(0, 10_000_000_000)).next).toBe('ended');
    expect(await outcome).toEqual({ kind: 'power-off' });
    expect(woken.filter((vcpu) => vcpu === 1).length).toBe(2);
  });

  it('ends its grants when a part throws', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, () => {
        throw new TypeError('oops');
      }),
    ]);
    const { lease, outcome } = await running(fake);
    const [stint, failed] = await Promise.allSettled([lease.grant(0, 1_000_000), outcome]);
    expect(stint).toEqual({ status: 'fulfilled', value: { ranFor: 0, next: 'ended' } });
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'VIV_CELL_PART_THREW' } });
  });

  it('goes on over a reset', async () => {
    let boots = 0;
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        if (self.retired > 1000) fake.requestPower({ kind: boots++ < 2 ? 'reboot' : 'power-off' });
        return busy(budget, self);
      }),
    ]);
    const { lease, outcome } = await running(fake);
    expect((await lease.grant(0, 10_000_000_000)).next).toBe('ended');
    expect(await outcome).toEqual({ kind: 'power-off' });
    expect(boots).toBe(3);
  });

  it.each([
    [0, 0],
    [0, 1.5],
    [0, Number.NaN],
    [1, 1000],
    [-1, 1000],
  ])('refuses a grant of vCPU %d for %d ns', async (vcpu, nanoseconds) => {
    const { cell, lease } = await running(new FakeMachine([new FakeVcpu(0, busy)]));
    await expect(lease.grant(vcpu, nanoseconds)).rejects.toMatchObject({ code: 'VIV_CELL_LEASE' });
    const held = lease.grant(0, 1_000_000_000);
    await expect(lease.grant(0, 1000)).rejects.toMatchObject({ code: 'VIV_CELL_LEASE' });
    await cell.stop();
    expect((await held).next).toBe('ended');
  });

  it('needs a thread with time of its clock’s kind', () => {
    const virtual = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
    expect(() => createInlineCell(virtual.machine, { leased: true })).toThrow(/time of its thread is real/);
  });
});

describe('cells on one thread', () => {
  it('do not run for each other, and see the time that others took', async () => {
    const thread = createHostThread('virtual');
    const one = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
    const other = new FakeMachine([new FakeVcpu(0, busy)], 'virtual');
    const [a, b] = [await running(one, thread), await running(other, thread)];
    for (let turns = 0; turns < 10; turns++) {
      await a.lease.grant(0, 300_000);
      await b.lease.grant(0, 100_000);
    }
    expect(one.vcpus[0].retired).toBe(300_000);
    expect(other.vcpus[0].retired).toBe(100_000);
    expect(other.clock.now()).toBe(4_000_000);
    await Promise.all([a.cell.stop(), b.cell.stop()]);
  });

  it('wake in the middle of a grant to another', async () => {
    const thread = createHostThread('virtual');
    const late = new FakeMachine([new FakeVcpu(0, periodic(2_000_000, 100_000))], 'virtual');
    const sleeper = await running(late, thread);
    const runner = await running(new FakeMachine([new FakeVcpu(0, busy)], 'virtual'), thread);
    await sleeper.lease.grant(0, 1_000_000);
    let wokenAt = 0;
    sleeper.lease.onWake(() => {
      wokenAt = thread.now();
      runner.lease.revoke(0);
    });
    expect((await runner.lease.grant(0, 10_000_000)).next).toBe('ready');
    expect(wokenAt).toBe(4_000_000);
    expect(thread.now()).toBeLessThan(4_200_000);
    await Promise.all([sleeper.cell.stop(), runner.cell.stop()]);
  });
});
