import { ClockToken, type SetupContext } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plugin, { RealClock, realClock } from '../src/index.ts';

/** A host whose time the test sets. */
const fakeHost = () => {
  const host = { ms: 1234.5, wallMs: 1_700_000_000_000.75, monotonic: () => host.ms, wall: () => host.wallMs };
  return host;
};

describe('the real clock', () => {
  it('stands at zero until it is started, then counts nanoseconds', () => {
    const host = fakeHost();
    const clock = new RealClock(host);
    host.ms += 50;
    expect(clock.now()).toBe(0);
    clock.resume();
    host.ms += 2.5;
    expect(clock.now()).toBe(2_500_000);
  });

  it('stands still while paused, however often it is told so', () => {
    const host = fakeHost();
    const clock = new RealClock(host);
    clock.resume();
    host.ms += 1;
    clock.pause();
    clock.pause();
    host.ms += 1000;
    expect(clock.now()).toBe(1_000_000);
    clock.resume();
    clock.resume();
    host.ms += 1;
    expect(clock.now()).toBe(2_000_000);
  });

  it('takes its epoch from the wall clock at power-on, and again at reset', () => {
    const host = fakeHost();
    const clock = new RealClock(host);
    expect(clock.epoch).toBe(1_700_000_000_000_000_000n);
    clock.resume();
    host.ms += 5;
    host.wallMs += 5000;
    clock.reset();
    expect(clock.now()).toBe(0);
    expect(clock.epoch).toBe(1_700_000_005_000_000_000n);
    host.ms += 1;
    expect(clock.now()).toBe(1_000_000);
  });

  it('fires what is due and keeps the rest', () => {
    const host = fakeHost();
    const clock = new RealClock(host);
    const log: string[] = [];
    clock.resume();
    clock.timer(() => log.push('b')).arm(2_000_000);
    clock.timer(() => log.push('a')).arm(1_000_000);
    clock.timer(() => log.push('c')).arm(9_000_000);
    expect(clock.nextDeadline).toBe(1_000_000);
    expect(clock.fire()).toBe(0);
    host.ms += 3;
    expect(clock.fire()).toBe(2);
    expect(log).toEqual(['a', 'b']);
    expect(clock.nextDeadline).toBe(9_000_000);
  });

  it('cancels its timers at reset', () => {
    const host = fakeHost();
    const clock = new RealClock(host);
    clock.resume();
    const timer = clock.timer(() => expect.unreachable('cancelled'));
    timer.arm(1);
    clock.reset();
    expect(timer.deadline).toBeUndefined();
    host.ms += 10;
    expect(clock.fire()).toBe(0);
  });

  it('never goes back and is always a safe integer, whatever the host does', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('time' as const), by: fc.double({ min: -5, max: 1e6, noNaN: true }) }),
      fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const), by: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const host = fakeHost();
        const clock = new RealClock(host);
        let before = clock.now();
        for (const { kind, by } of steps) {
          if (kind === 'time') host.ms += by;
          else clock[kind]();
          const now = clock.now();
          expect(Number.isSafeInteger(now)).toBe(true);
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });
});

describe('the real clock plugin', () => {
  it('is on the host clock', async () => {
    expect(plugin).toBe(realClock);
    const part = await realClock.setup({} as SetupContext<undefined>);
    const clock = part.provides?.find((binding) => binding.token.id === ClockToken.id)?.value as RealClock;
    const wallNow = BigInt(Date.now()) * 1_000_000n;
    expect(clock.epoch).toBeLessThanOrEqual(wallNow);
    expect(clock.epoch).toBeGreaterThan(wallNow - 60_000_000_000n);
    expect(clock.kind).toBe('real');
    expect(clock).not.toHaveProperty('virtual');
    expect(clock.now()).toBe(0);
    clock.resume();
    while (clock.now() === 0);
    clock.pause();
    const paused = clock.now();
    for (const until = performance.now() + 2; performance.now() < until; );
    expect(clock.now()).toBe(paused);
  });
});
