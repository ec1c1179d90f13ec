import { describe, expect, it } from 'vitest';
import { type Choice, type Pcpu, SchedulerFrame, Vcpu } from '../src/index.ts';

const MILLISECOND = 1_000_000;

/** Whoever ran longest ago, for 4 ms; the lower number preempts. */
class RoundRobin extends SchedulerFrame<Vcpu> {
  readonly name = 'round-robin';
  readonly honours = ['affinity', 'cap'] as const;
  readonly charges: string[] = [];
  protected make(...[id, domain, parameters, now]: ConstructorParameters<typeof Vcpu>) {
    return new Vcpu(id, domain, parameters, now);
  }
  protected joined() {}
  protected left() {}
  protected charged(vcpu: Vcpu, ranFor: number) {
    this.charges.push(`${vcpu.id}: ${ranFor}`);
  }
  protected choose({ id }: Pcpu): Choice<Vcpu> {
    const [vcpu] = this.competing
      .filter((candidate) => candidate.state === 'ready' && candidate.mayRunOn(id))
      .toSorted((one, other) => Number(one.gaveWay) - Number(other.gaveWay) || one.chargedAt - other.chargedAt);
    return vcpu === undefined ? { kind: 'idle', until: undefined } : { kind: 'run', vcpu, slice: 4 * MILLISECOND };
  }
  protected victim(vcpu: Vcpu) {
    return this.pcpus.find(({ id, current }) => current !== undefined && current.id > vcpu.id && vcpu.mayRunOn(id));
  }
  /** What an algorithm does when it settles with everybody. */
  settleAll(now: number) {
    for (const vcpu of this.all()) this.settle(vcpu, now);
  }
}

const withPcpus = (...pcpus: number[]): RoundRobin => {
  const scheduler = new RoundRobin();
  for (const pcpu of pcpus) scheduler.addPcpu(pcpu, 0);
  return scheduler;
};

describe('hints', () => {
  it('name an idle pCPU, rather the last one, and each only once', () => {
    const scheduler = withPcpus(0, 1);
    for (const id of [1, 2, 3]) scheduler.add(id, { domain: 'guest' }, 0);
    expect(scheduler.wake(2, 0)).toBe(0);
    expect(scheduler.wake(3, 0)).toBe(1);
    scheduler.pick(0, 0);
    scheduler.pick(1, 0);
    scheduler.sleep(3, 10);
    expect(scheduler.pick(1, 10)).toEqual({ kind: 'idle', until: undefined });
    expect(scheduler.wake(3, 20)).toBe(1);
    // The lower number preempts, on a pCPU that is not waiting for somebody already.
    expect(scheduler.wake(1, 20)).toBe(0);
  });

  it('respect affinities', () => {
    const scheduler = withPcpus(0, 1);
    scheduler.add(1, { domain: 'guest', affinity: [1] }, 0);
    scheduler.add(2, { domain: 'guest', affinity: [7] }, 0);
    expect(scheduler.wake(1, 0)).toBe(1);
    expect(scheduler.wake(2, 0)).toBeUndefined();
    expect(scheduler.pick(0, 0).kind).toBe('idle');
    expect(scheduler.pick(1, 0)).toMatchObject({ vcpu: 1 });
  });

  it('send the one that has to go to a pCPU that is idle', () => {
    const scheduler = withPcpus(0, 1);
    scheduler.add(1, { domain: 'guest', affinity: [0] }, 0);
    scheduler.add(2, { domain: 'guest' }, 0);
    scheduler.wake(2, 0);
    expect(scheduler.pick(0, 0)).toMatchObject({ vcpu: 2 });
    expect(scheduler.pick(1, 0).kind).toBe('idle');
    expect(scheduler.wake(1, 5)).toBe(0);
    scheduler.account(2, 5, 5);
    expect(scheduler.pick(0, 5)).toEqual({ kind: 'run', vcpu: 1, slice: 4 * MILLISECOND, kick: 1 });
    expect(scheduler.pick(1, 5)).toMatchObject({ vcpu: 2 });
  });
});

describe('what is charged', () => {
  it('is what ran, and what was charged before is not charged again', () => {
    const scheduler = withPcpus(0);
    scheduler.add(1, { domain: 'guest' }, 0);
    scheduler.wake(1, 0);
    scheduler.pick(0, 0);
    scheduler.account(1, 60, 100);
    scheduler.settleAll(150);
    scheduler.account(1, 80, 200);
    scheduler.settleAll(300);
    // The host was elsewhere for most of the time: 90 of the 100 are made up for.
    scheduler.account(1, 10, 300);
    scheduler.account(1, 100, 400);
    expect(scheduler.charges).toEqual(['1: 60', '1: 50', '1: 30', '1: 100', '1: 0', '1: 10']);
    expect(scheduler.stats(1, 400)?.run).toBe(60 + 80 + 10 + 100);
  });

  it('is measured from the start of the run, however late the host is', () => {
    const scheduler = withPcpus(0);
    scheduler.add(1, { domain: 'guest' }, 0);
    scheduler.wake(1, 10);
    scheduler.pick(0, 30);
    scheduler.account(1, 500, 100);
    scheduler.sleep(1, 100);
    scheduler.account(1, 500, 200);
    expect(scheduler.stats(1, 250)).toMatchObject({ run: 70, ready: 20, blocked: 160, parked: 0, migrations: 0 });
    expect(scheduler.stats(1, 250)?.wakeLatency).toMatchObject({ count: 1, max: 20 });
  });
});

describe('a guest whose cap is used up', () => {
  it('is parked, all of it, until a part of the budget comes back', () => {
    const scheduler = withPcpus(0);
    scheduler.add(1, { domain: 'capped', cap: 200 }, 0);
    scheduler.add(2, { domain: 'capped' }, 0);
    scheduler.wake(1, 0);
    expect(scheduler.pick(0, 0)).toMatchObject({ vcpu: 1, slice: 2 * MILLISECOND });
    scheduler.account(1, 2 * MILLISECOND, 2 * MILLISECOND);
    expect(scheduler.wake(2, 2 * MILLISECOND)).toBeUndefined();
    const decision = scheduler.pick(0, 2 * MILLISECOND);
    // By then each can have a millisecond of its own, of two at a fifth of the time.
    expect(decision).toMatchObject({ kind: 'idle', until: 11 * MILLISECOND });
    expect(scheduler.stats(1, 8 * MILLISECOND)).toMatchObject({ ready: 6 * MILLISECOND, parked: 6 * MILLISECOND });
    expect(scheduler.pick(0, 11 * MILLISECOND)).toMatchObject({ kind: 'run', slice: MILLISECOND });
  });

  it('has an idle pCPU look again when it wakes before that, one of those that nobody would look at otherwise', () => {
    const scheduler = withPcpus(0, 1);
    scheduler.add(1, { domain: 'capped', cap: 200 }, 0);
    scheduler.wake(1, 0);
    scheduler.pick(0, 0);
    scheduler.account(1, 2 * MILLISECOND, 2 * MILLISECOND);
    scheduler.sleep(1, 2 * MILLISECOND);
    for (const pcpu of [0, 1])
      expect(scheduler.pick(pcpu, 2 * MILLISECOND)).toEqual({ kind: 'idle', until: undefined });
    const hint = scheduler.wake(1, 3 * MILLISECOND);
    expect(hint).toBe(0);
    const { kind, until = 0 } = scheduler.pick(0, 3 * MILLISECOND) as { kind: string; until?: number };
    expect(kind).toBe('idle');
    expect(until).toBeGreaterThan(3 * MILLISECOND);
    // The other one has to, when the first is taken away.
    expect(scheduler.removePcpu(0, 4 * MILLISECOND)).toBe(1);
    expect(scheduler.pick(1, 4 * MILLISECOND)).toMatchObject({ kind: 'idle', until });
    expect(scheduler.pick(1, until)).toMatchObject({ kind: 'run', vcpu: 1 });
  });

  it('has a busy pCPU look again in time, where none is idle', () => {
    const scheduler = withPcpus(0);
    scheduler.add(1, { domain: 'capped', cap: 50 }, 0);
    scheduler.add(2, { domain: 'other' }, 0);
    scheduler.wake(1, 0);
    const first = scheduler.pick(0, 0);
    const spent = first.kind === 'run' ? first.slice : 0;
    scheduler.account(1, spent, spent);
    scheduler.sleep(1, spent);
    scheduler.wake(2, spent);
    scheduler.pick(0, spent);
    for (let now = spent + 4 * MILLISECOND; now < 18 * MILLISECOND; now += 4 * MILLISECOND) scheduler.pick(0, now);
    expect(scheduler.wake(1, 18 * MILLISECOND)).toBe(0);
    expect(scheduler.pick(0, 18 * MILLISECOND)).toEqual({ kind: 'run', vcpu: 2, slice: 2 * MILLISECOND });
    expect(scheduler.pick(0, 20 * MILLISECOND)).toMatchObject({ kind: 'run', vcpu: 1 });
  });

  it('comes back on every pCPU that is idle, and that it may run on', () => {
    const scheduler = withPcpus(0, 1);
    scheduler.add(1, { domain: 'capped', cap: 200, affinity: [1] }, 0);
    scheduler.wake(1, 0);
    scheduler.pick(1, 0);
    scheduler.account(1, 2 * MILLISECOND, 2 * MILLISECOND);
    scheduler.sleep(1, 2 * MILLISECOND);
    for (const pcpu of [0, 1]) scheduler.pick(pcpu, 2 * MILLISECOND);
    expect(scheduler.wake(1, 3 * MILLISECOND)).toBe(0);
    const { until = 0 } = scheduler.pick(0, 3 * MILLISECOND) as { until?: number };
    expect(scheduler.pick(0, until)).toEqual({ kind: 'idle', until: undefined, kick: 1 });
    expect(scheduler.pick(1, until)).toMatchObject({ kind: 'run', vcpu: 1 });
  });

  it('runs at once when its cap is lifted', () => {
    const scheduler = withPcpus(0);
    scheduler.add(1, { domain: 'capped', cap: 100 }, 0);
    scheduler.wake(1, 0);
    scheduler.pick(0, 0);
    scheduler.account(1, MILLISECOND, MILLISECOND);
    expect(scheduler.pick(0, MILLISECOND).kind).toBe('idle');
    expect(scheduler.change(1, { cap: 0 }, 2 * MILLISECOND)).toEqual([0]);
    expect(scheduler.pick(0, 2 * MILLISECOND)).toMatchObject({ vcpu: 1, slice: 4 * MILLISECOND });
  });
});

describe('one that gives way', () => {
  it('does so once, also when its pCPU is taken away then', () => {
    const scheduler = withPcpus(0, 1);
    for (const id of [1, 2]) scheduler.add(id, { domain: 'guest', affinity: [0] }, 0);
    scheduler.wake(1, 0);
    scheduler.wake(2, 0);
    scheduler.pick(0, 0);
    scheduler.yield(1, 0);
    expect(scheduler.pick(0, 0)).toMatchObject({ vcpu: 2 });
    expect(scheduler.pick(0, 5)).toMatchObject({ vcpu: 1 });
    scheduler.yield(1, 5);
    scheduler.removePcpu(0, 5);
    scheduler.addPcpu(0, 5);
    expect(scheduler.pick(0, 6)).toMatchObject({ vcpu: 2 });
    scheduler.account(2, 4, 10);
    expect(scheduler.pick(0, 10)).toMatchObject({ vcpu: 1 });
  });
});
