import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerQueue } from '../src/index.ts';

describe('a timer queue', () => {
  it('fires in order of deadline, then of arming', () => {
    const queue = new TimerQueue();
    const log: string[] = [];
    const timer = (name: string, deadline: number) => queue.timer(() => log.push(name)).arm(deadline);
    timer('late', 30);
    timer('first of two', 10);
    timer('second of two', 10);
    timer('early', 5);
    expect(queue.nextDeadline).toBe(5);
    expect(queue.fire(10)).toBe(3);
    expect(log).toEqual(['early', 'first of two', 'second of two']);
    expect(queue.nextDeadline).toBe(30);
  });

  it('replaces the deadline of an armed timer and tells it', () => {
    const queue = new TimerQueue();
    let fired = 0;
    const timer = queue.timer(() => (fired += 1));
    expect(timer.deadline).toBeUndefined();
    timer.arm(10);
    timer.arm(20);
    expect(timer.deadline).toBe(20);
    expect(queue.fire(19)).toBe(0);
    expect(queue.fire(20)).toBe(1);
    expect(timer.deadline).toBeUndefined();
    expect(queue.fire(1000)).toBe(0);
    expect(fired).toBe(1);
  });

  it('lets a callback cancel a timer that is due in the same round', () => {
    const queue = new TimerQueue();
    let fired = false;
    const killer = queue.timer(() => victim.cancel());
    const victim = queue.timer(() => (fired = true));
    killer.arm(1);
    victim.arm(2);
    expect(queue.fire(5)).toBe(1);
    expect(fired).toBe(false);
    expect(queue.nextDeadline).toBeUndefined();
  });

  it('keeps a timer that re-arms itself in the past for the next round', () => {
    const queue = new TimerQueue();
    let fired = 0;
    const timer = queue.timer(() => {
      fired += 1;
      timer.arm(0);
    });
    timer.arm(0);
    expect(queue.fire(100)).toBe(1);
    expect(queue.nextDeadline).toBe(0);
    expect(queue.fire(100)).toBe(1);
    expect(fired).toBe(2);
  });

  it('takes a deadline that never comes as disarmed', () => {
    const queue = new TimerQueue();
    const timer = queue.timer(() => {});
    for (const never of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      timer.arm(1);
      timer.arm(never);
      expect(timer.deadline).toBeUndefined();
      expect(queue.nextDeadline).toBeUndefined();
    }
  });

  it('stays in order when a callback throws', () => {
    const queue = new TimerQueue();
    let fired = false;
    queue
      .timer(() => {
        throw new Error('broken part');
      })
      .arm(1);
    queue.timer(() => (fired = true)).arm(2);
    expect(() => queue.fire(5)).toThrow('broken part');
    expect(queue.fire(5)).toBe(1);
    expect(fired).toBe(true);
  });

  it('cancels all timers on clear', () => {
    const queue = new TimerQueue();
    const timers = [3, 1, 2].map((deadline) => {
      const timer = queue.timer(() => {});
      timer.arm(deadline);
      return timer;
    });
    queue.clear();
    expect(queue.nextDeadline).toBeUndefined();
    expect(timers.map((timer) => timer.deadline)).toEqual([undefined, undefined, undefined]);
    expect(queue.fire(10)).toBe(0);
  });

  it('agrees with a sorted list under any sequence of operations', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('arm' as const), timer: fc.nat(5), value: fc.nat(30) }),
      fc.record({ kind: fc.constant('cancel' as const), timer: fc.nat(5), value: fc.constant(0) }),
      fc.record({ kind: fc.constant('fire' as const), timer: fc.constant(0), value: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const queue = new TimerQueue();
        const log: number[] = [];
        const timers = [0, 1, 2, 3, 4, 5].map((index) => queue.timer(() => log.push(index)));
        let model: { timer: number; deadline: number }[] = [];
        for (const { kind, timer, value } of operations) {
          if (kind === 'fire') {
            const due = model.filter((entry) => entry.deadline <= value).sort((a, b) => a.deadline - b.deadline);
            log.length = 0;
            expect(queue.fire(value)).toBe(due.length);
            expect(log).toEqual(due.map((entry) => entry.timer));
            model = model.filter((entry) => entry.deadline > value);
          } else {
            model = model.filter((entry) => entry.timer !== timer);
            if (kind === 'arm') {
              timers[timer].arm(value);
              model.push({ timer, deadline: value });
            } else timers[timer].cancel();
          }
          const next = model.length === 0 ? undefined : Math.min(...model.map((entry) => entry.deadline));
          expect(queue.nextDeadline).toBe(next);
        }
      }),
    );
  });
});
