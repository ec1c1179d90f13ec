import { describe, expect, it } from 'vitest';
import { createInlineCell } from '../src/index.ts';
import { busy, FakeMachine, FakeVcpu } from './fake-machine.ts';

const idle = { kind: 'idle' } as const;

describe('a run', () => {
  it('ends with the guest’s power-off, stops the machine, and disposes of it with the cell', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        if (self.budgets.length === 3) fake.requestPower({ kind: 'power-off' });
        return busy(budget, self);
      }),
    ]);
    {
      await using cell = createInlineCell(fake.machine);
      expect(await cell.run()).toEqual({ kind: 'power-off' });
      expect(fake.calls).toEqual(['start', 'stop']);
      expect(cell.stats.slices).toBe(3);
      expect(cell.stats.instructions).toBe(fake.vcpus[0].retired);
      await expect(cell.run()).rejects.toMatchObject({ code: 'VIV_CELL_STATE' });
    }
    expect(fake.calls).toEqual(['start', 'stop', 'dispose']);
    expect(fake.vcpus[0].listeners).toBe(0);
  });

  it('passes on a failure code, and tells the vCPU that runs to come back at once', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        fake.requestPower({ kind: 'failure', code: 7 });
        return busy(budget, self);
      }),
    ]);
    expect(await createInlineCell(fake.machine).run()).toEqual({ kind: 'failure', code: 7 });
    expect(fake.vcpus[0].yields).toBe(1);
  });

  it('prefers a power request to what the vCPU did after it', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        fake.requestPower({ kind: 'power-off' });
        self.stop();
        return { kind: 'stopped' };
      }),
    ]);
    expect(await createInlineCell(fake.machine).run()).toEqual({ kind: 'power-off' });
  });

  it('resets on a reboot request and counts on', async () => {
    let boots = 0;
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        fake.requestPower({ kind: ++boots === 3 ? 'power-off' : 'reboot' });
        return busy(budget, self);
      }),
    ]);
    const cell = createInlineCell(fake.machine);
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(fake.calls).toEqual(['start', 'reset', 'reset', 'stop']);
    expect(cell.stats.instructions).toBe(fake.vcpus[0].budgets.reduce((sum, budget) => sum + budget, 0));
  });

  it('stops on a reboot request when asked to', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        fake.requestPower({ kind: 'reboot' });
        return busy(budget, self);
      }),
    ]);
    expect(await createInlineCell(fake.machine, { onReboot: 'stop' }).run()).toEqual({ kind: 'stopped' });
  });

  it('reports a guest fault as a value and as an event', async () => {
    const fault = { code: 'GUEST_TRAP_LOOP', message: 'loops' } as const;
    const fake = new FakeMachine([new FakeVcpu(0, () => ({ kind: 'fault', fault }))]);
    expect(await createInlineCell(fake.machine).run()).toEqual({ kind: 'fault', fault });
    expect(fake.emitted).toEqual([['guest:fault', fault]]);
    expect(fake.calls).toEqual(['start', 'stop']);
  });

  it('names the fault of a machine of which every vCPU has stopped', async () => {
    const halt = (_budget: number, self: FakeVcpu) => {
      self.stop();
      return { kind: 'stopped' } as const;
    };
    const fake = new FakeMachine([new FakeVcpu(0, halt), new FakeVcpu(1, halt)]);
    const outcome = await createInlineCell(fake.machine).run();
    expect(outcome).toMatchObject({ kind: 'fault', fault: { code: 'GUEST_ALL_STOPPED' } });
  });

  it('turns an exception of a part into a coded error and still stops the machine', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, () => {
        throw new TypeError('oops');
      }),
    ]);
    const error = await createInlineCell(fake.machine)
      .run()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'VIV_CELL_PART_THREW', cause: new TypeError('oops') });
    expect(fake.calls).toEqual(['start', 'stop']);
  });

  it('keeps the first error when stopping fails as well', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, () => {
        throw new TypeError('oops');
      }),
    ]);
    fake.failing = 'stop';
    await expect(createInlineCell(fake.machine).run()).rejects.toMatchObject({ code: 'VIV_CELL_PART_THREW' });
  });

  it('rejects with the machine’s error when the start fails', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    fake.failing = 'start';
    await expect(createInlineCell(fake.machine).run()).rejects.toThrow('start failed');
  });
});

describe('sleep', () => {
  it('ends when an interrupt rises, without polling meanwhile', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        if (self.wakeup) fake.requestPower({ kind: 'power-off' });
        else setTimeout(() => self.raise(), 30);
        return idle;
      }),
    ]);
    const cell = createInlineCell(fake.machine);
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(cell.stats.slices).toBe(2);
    expect(cell.stats.idleMilliseconds).toBeGreaterThan(0);
  });

  it('is not entered when the interrupt rose before', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        if (self.wakeup) fake.requestPower({ kind: 'power-off' });
        else queueMicrotask(() => self.raise());
        return idle;
      }),
    ]);
    expect(await createInlineCell(fake.machine).run()).toEqual({ kind: 'power-off' });
  });

  it('ends at the deadline of a timer, which then has fired', async () => {
    const fired: number[] = [];
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        if (self.wakeup) fake.requestPower({ kind: 'power-off' });
        return idle;
      }),
    ]);
    const timer = fake.clock.timer(() => {
      fired.push(fake.clock.now());
      fake.vcpus[0].raise();
    });
    timer.arm(20e6);
    const cell = createInlineCell(fake.machine);
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(fired).toHaveLength(1);
    expect(fired[0]).toBeGreaterThanOrEqual(20e6);
    expect(cell.stats.slices).toBe(2);
  });

  it('runs an idle vCPU once for its own comparator, and not again when that wakes nothing', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        self.nextDeadline ??= fake.clock.now() + 5e6;
        if (self.wakeup) fake.requestPower({ kind: 'power-off' });
        return idle;
      }),
    ]);
    setTimeout(() => fake.vcpus[0].raise(), 60);
    const cell = createInlineCell(fake.machine);
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(cell.stats.slices).toBe(3);
  });
});

describe('several vCPUs', () => {
  it('take turns', async () => {
    const order: number[] = [];
    const turnTaker = (budget: number, self: FakeVcpu) => {
      order.push(self.index);
      if (order.length === 6) fake.requestPower({ kind: 'power-off' });
      return busy(budget, self);
    };
    const fake = new FakeMachine([new FakeVcpu(0, turnTaker), new FakeVcpu(1, turnTaker), new FakeVcpu(2, turnTaker)]);
    await createInlineCell(fake.machine).run();
    expect(order).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('yield to one whose interrupt rises', async () => {
    const sleeper = new FakeVcpu(1, (_budget, self) => {
      if (self.wakeup) fake.requestPower({ kind: 'power-off' });
      return idle;
    });
    const sender = new FakeVcpu(0, (budget, self) => {
      if (self.budgets.length === 2) sleeper.raise();
      return busy(budget, self);
    });
    const fake = new FakeMachine([sender, sleeper]);
    await createInlineCell(fake.machine).run();
    expect(sender.yields).toBe(1);
    expect(sender.budgets).toHaveLength(2);
  });

  it('leave those alone that are stopped until something starts them', async () => {
    const second = new FakeVcpu(1, (budget, self) => {
      fake.requestPower({ kind: 'power-off' });
      return busy(budget, self);
    });
    const first = new FakeVcpu(0, (budget, self) => {
      if (self.budgets.length === 3) second.start();
      return busy(budget, self);
    });
    const fake = new FakeMachine([first, second]);
    second.running = false;
    await createInlineCell(fake.machine).run();
    expect(first.budgets).toHaveLength(3);
  });
});

describe('the host', () => {
  it('H8 gets turns of the event loop while a guest spins, and can stop it', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    const cell = createInlineCell(fake.machine);
    const run = cell.run();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await cell.stop();
    expect(await run).toEqual({ kind: 'stopped' });
    await cell.stop();
    expect(fake.calls).toEqual(['start', 'stop']);
  });

  it('pauses and resumes: no guest code runs in between', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    const cell = createInlineCell(fake.machine);
    const run = cell.run();
    await cell.pause();
    const { slices } = cell.stats;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(cell.stats.slices).toBe(slices);
    expect(fake.state).toBe('paused');
    await cell.resume();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(cell.stats.slices).toBeGreaterThan(slices);
    await cell.stop();
    expect(await run).toEqual({ kind: 'stopped' });
  });

  it('resets an idle machine, which then runs', async () => {
    const fake = new FakeMachine([
      new FakeVcpu(0, (_budget, self) => {
        if (self.budgets.length === 2) fake.requestPower({ kind: 'power-off' });
        return idle;
      }),
    ]);
    const cell = createInlineCell(fake.machine);
    const run = cell.run();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await cell.reset();
    expect(await run).toEqual({ kind: 'power-off' });
    expect(fake.calls).toEqual(['start', 'reset', 'stop']);
  });

  it('is refused what a machine that does not run cannot do', async () => {
    const cell = createInlineCell(new FakeMachine([new FakeVcpu(0, busy)]).machine);
    await expect(cell.pause()).rejects.toMatchObject({ code: 'VIV_CELL_STATE' });
    await cell.stop();
    await expect(cell.run()).rejects.toMatchObject({ code: 'VIV_CELL_STATE' });
  });

  it('hears of a pause that fails, and the run ends with the same error', async () => {
    const fake = new FakeMachine([new FakeVcpu(0, busy)]);
    fake.failing = 'pause';
    const cell = createInlineCell(fake.machine);
    const run = cell.run().catch((error: unknown) => error);
    await expect(cell.pause()).rejects.toThrow('pause failed');
    expect(String(await run)).toContain('pause failed');
    expect(fake.calls).toEqual(['start', 'pause', 'stop']);
  });

  it('can single-step for as long as it likes', async () => {
    const seen: number[] = [];
    const fake = new FakeMachine([
      new FakeVcpu(0, (budget, self) => {
        if (self.retired > 3) fake.requestPower({ kind: 'power-off' });
        return busy(budget, self);
      }),
    ]);
    await createInlineCell(fake.machine, { step: (vcpu) => seen.push(vcpu.retired) < 3 }).run();
    expect(seen).toEqual([0, 1, 2]);
    expect(fake.vcpus[0].budgets.slice(0, 2)).toEqual([1, 1]);
    expect(fake.vcpus[0].budgets[2]).toBeGreaterThan(1);
  });
});
