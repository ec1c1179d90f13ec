import type { CoreDebug, DebugPoint, DebugSession, DebugStop, VcpuExit } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { createInlineCell } from '../src/index.ts';
import { busy, FakeMachine, FakeVcpu } from './fake-machine.ts';

/** What a core does for debuggers, on vCPUs that do what their program says. */
const fakeDebug = (steps: number[], exits: VcpuExit[] = []): CoreDebug => {
  let points: DebugPoint[] = [];
  return {
    get points() {
      return points;
    },
    insert: (point) => points.push(point) > 0,
    remove: (point) => {
      const before = points.length;
      points = points.filter((other) => other !== point);
      return points.length < before;
    },
    clear: () => {
      points = [];
    },
    step: (vcpu) => {
      steps.push(vcpu.index);
      (vcpu as FakeVcpu).attemptedInSlice = 1;
      return exits.shift() ?? { kind: 'budget' };
    },
    translate: (_, address) => Number(address),
  };
};

const BREAKPOINT: DebugPoint = { kind: 'breakpoint', address: 0x40n };

/** A machine of `count` vCPUs in a cell, with a debugger attached. */
const debugged = (count = 1, exits: VcpuExit[] = [], kind: 'real' | 'virtual' = 'real') => {
  const vcpus = Array.from({ length: count }, (_, index) => new FakeVcpu(index, busy));
  const steps: number[] = [];
  const fake = new FakeMachine(vcpus, kind);
  fake.debug = fakeDebug(steps, exits);
  const cell = createInlineCell(fake.machine);
  const stops: DebugStop[] = [];
  const waiting: (() => void)[] = [];
  const session = cell.debug?.attach((stop) => {
    stops.push(stop);
    for (const wake of waiting.splice(0)) wake();
  }) as DebugSession;
  /** Resolves with the `number`th stop, counted from 1. */
  const stop = async (number: number): Promise<DebugStop> => {
    while (stops.length < number) await new Promise<void>((resolve) => waiting.push(resolve));
    return stops[number - 1];
  };
  return { fake, vcpus, steps, cell, session, stops, stop };
};

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));
const budgetsOf = (vcpus: readonly FakeVcpu[]): number[] => vcpus.map(({ budgets }) => budgets.length);

describe('a debugger of a cell', () => {
  it('halts the machine, and lets it go on', async () => {
    const { cell, vcpus, session, stop, stops, fake } = debugged();
    const running = cell.run();
    await soon();
    expect(session.halted).toBe(false);
    session.halt();
    session.halt();
    expect(await stop(1)).toEqual({ kind: 'halted', vcpu: 0 });
    expect(session.halted).toBe(true);
    expect(fake.state).toBe('paused');
    const [ran] = budgetsOf(vcpus);
    await soon();
    expect(budgetsOf(vcpus)).toEqual([ran]);
    session.halt();
    session.resume({ step: [], run: [0] });
    expect(session.halted).toBe(false);
    await soon();
    expect(budgetsOf(vcpus)[0]).toBeGreaterThan(ran);
    expect(stops).toHaveLength(1);
    session.kill();
    expect(await running).toEqual({ kind: 'stopped' });
    expect(await stop(2)).toEqual({ kind: 'ended', code: 0 });
  });

  it('is the only one until it detaches, and there is none for a machine that has ended', async () => {
    const { cell, session, fake } = debugged();
    expect(cell.debug?.attach(() => {})).toBeUndefined();
    session.insert(BREAKPOINT);
    session.detach();
    expect(fake.debug?.points).toEqual([]);
    const second = cell.debug?.attach(() => {});
    expect(second).toBeDefined();
    const running = cell.run();
    second?.kill();
    await running;
    expect(cell.debug?.attach(() => {})).toBeUndefined();
  });

  it('can hold a machine before its first instruction', async () => {
    const vcpu = new FakeVcpu(0, busy);
    const fake = new FakeMachine([vcpu]);
    fake.debug = fakeDebug([]);
    const cell = createInlineCell(fake.machine, { startPaused: true });
    const running = cell.run();
    await soon();
    expect(vcpu.budgets).toEqual([]);
    const session = cell.debug?.attach(() => {});
    expect(session?.halted).toBe(true);
    session?.resume({ step: [], run: [0] });
    await soon();
    expect(vcpu.budgets.length).toBeGreaterThan(0);
    session?.kill();
    await running;
  });

  it('that is there before the run halts it before its first instruction, too', async () => {
    const { cell, vcpus, session, stop } = debugged();
    session.halt();
    const running = cell.run();
    await stop(1);
    expect(budgetsOf(vcpus)).toEqual([0]);
    session.kill();
    await running;
  });

  it.each([
    [{ kind: 'breakpoint', pc: 0x40n } as const, { kind: 'breakpoint', vcpu: 1, address: 0x40n }],
    [
      { kind: 'watchpoint', address: 0x50n, access: 'write' } as const,
      { kind: 'watchpoint', vcpu: 1, address: 0x50n, access: 'write' },
    ],
  ])('hears of what was reached: $0.kind', async (exit, expected) => {
    const { cell, vcpus, session, stop } = debugged(2);
    let left = 3;
    vcpus[1].program = (budget, self) => {
      left -= 1;
      return left === 0 ? exit : busy(budget, self);
    };
    const running = cell.run();
    expect(await stop(1)).toEqual(expected);
    expect(session.halted).toBe(true);
    session.kill();
    await running;
  });

  it('keeps a guest that cannot go on, which ends when it detaches', async () => {
    const { cell, vcpus, session, stop } = debugged();
    const fault = { code: 'GUEST_TEST', message: 'lost', vcpu: 0 } as const;
    vcpus[0].program = () => ({ kind: 'fault', fault });
    const running = cell.run();
    expect(await stop(1)).toEqual({ kind: 'fault', vcpu: 0, fault });
    session.resume({ step: [], run: [0] });
    expect(await stop(2)).toEqual({ kind: 'fault', vcpu: 0, fault });
    session.detach();
    expect(await running).toEqual({ kind: 'fault', fault });
  });

  it('runs some vCPUs while others stand still', async () => {
    const { cell, vcpus, session, stop } = debugged(3);
    const running = cell.run();
    session.halt();
    await stop(1);
    const before = budgetsOf(vcpus);
    session.resume({ step: [], run: [1] });
    await soon();
    session.halt();
    await stop(2);
    const after = budgetsOf(vcpus);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[1]).toBeGreaterThan(before[1]);
    session.resume({ step: [], run: [1] });
    session.detach();
    await soon();
    expect(budgetsOf(vcpus)[0]).toBeGreaterThan(after[0]);
    await cell.stop();
    await running;
  });

  it('steps one vCPU while others go on a little and no timer fires', async () => {
    const { cell, vcpus, session, stop, steps, fake } = debugged(3);
    const running = cell.run();
    session.halt();
    await stop(1);
    let fired = 0;
    fake.clock.timer(() => (fired += 1)).arm(0);
    for (const vcpu of vcpus) vcpu.budgets.length = 0;
    session.resume({ step: [1], run: [2] });
    expect(await stop(2)).toEqual({ kind: 'step', vcpu: 1 });
    expect(steps).toEqual([1]);
    expect(vcpus.map(({ budgets }) => budgets)).toEqual([[], [], [100]]);
    expect(fired).toBe(0);
    expect(fake.state).toBe('paused');
    session.kill();
    await running;
  });

  it('hears of what a step reaches, and of what another vCPU reaches beside it', async () => {
    const watch = { kind: 'watchpoint', address: 0x50n, access: 'read' } as const;
    const { cell, vcpus, session, stop } = debugged(2, [watch]);
    const running = cell.run();
    session.halt();
    await stop(1);
    session.resume({ step: [0], run: [1] });
    expect(await stop(2)).toEqual({ ...watch, vcpu: 0 });
    vcpus[1].program = () => ({ kind: 'breakpoint', pc: 8n });
    session.resume({ step: [0], run: [1] });
    expect(await stop(3)).toEqual({ kind: 'breakpoint', vcpu: 1, address: 8n });
    session.kill();
    await running;
  });

  it('counts a step in virtual time', async () => {
    const { cell, session, stop, fake } = debugged(1, [], 'virtual');
    const running = cell.run();
    session.halt();
    await stop(1);
    const before = fake.clock.now();
    session.resume({ step: [0], run: [] });
    await stop(2);
    expect(fake.clock.now()).toBe(before + 10);
    session.kill();
    await running;
  });

  it('hears that the guest has switched itself off, also by a step', async () => {
    const { cell, session, stop, fake, vcpus } = debugged();
    const running = cell.run();
    session.halt();
    await stop(1);
    const { debug } = fake;
    if (debug === undefined) throw new Error('no debugging');
    vcpus[0].program = busy;
    const step = debug.step.bind(debug);
    Object.assign(debug, {
      step: (vcpu: FakeVcpu) => {
        fake.requestPower({ kind: 'failure', code: 300 });
        return step(vcpu);
      },
    });
    session.resume({ step: [0], run: [] });
    expect(await running).toEqual({ kind: 'failure', code: 300 });
    expect(await stop(2)).toEqual({ kind: 'ended', code: 255 });
    expect(session.readPhysical(0, 4)).toBeUndefined();
    expect(session.insert(BREAKPOINT)).toBe(false);
  });

  it('resets a machine that stays halted', async () => {
    const { cell, session, stop, fake, vcpus } = debugged();
    const running = cell.run();
    session.halt();
    await stop(1);
    const before = budgetsOf(vcpus);
    await session.reset();
    expect(fake.calls).toContain('reset');
    expect(session.halted).toBe(true);
    expect(budgetsOf(vcpus)).toEqual(before);
    session.kill();
    await running;
  });

  it('hears that the host pauses the machine and lets it go on', async () => {
    const { cell, session, stop } = debugged();
    const running = cell.run();
    await cell.pause();
    expect(await stop(1)).toEqual({ kind: 'halted', vcpu: 0 });
    await cell.resume();
    expect(session.halted).toBe(false);
    await cell.stop();
    await running;
  });
});

describe('a cell of a core that cannot be debugged', () => {
  it('has nothing for debuggers', () => {
    expect(createInlineCell(new FakeMachine([new FakeVcpu(0, busy)]).machine).debug).toBeUndefined();
  });
});
