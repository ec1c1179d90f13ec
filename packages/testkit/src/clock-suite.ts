import type { Clock } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, type SubjectFactory } from './conformance.ts';

/** A clock whose time goes on. */
export interface ClockSubject {
  readonly clock: Clock;
  /** Lets at least `nanoseconds` pass. May be left out for a virtual clock, which the suite drives itself. */
  pass?(nanoseconds: number): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

const MILLISECOND = 1_000_000;

/** What every clock must do. Cases about driven time pass at once for a clock that is not virtual. */
export const clockSuite = (make: SubjectFactory<ClockSubject>): readonly ConformanceCase[] => {
  type Pass = (nanoseconds: number) => Promise<void>;
  const testCase = (id: string, title: string, act: (clock: Clock, pass: Pass) => Promise<void>): ConformanceCase => ({
    id: `clock/${id}`,
    title,
    run: async () => {
      const subject = await make();
      const { clock } = subject;
      try {
        await act(clock, async (nanoseconds) => {
          if (subject.pass !== undefined) await subject.pass(nanoseconds);
          else clock.virtual?.advanceTo(clock.now() + nanoseconds);
        });
      } finally {
        await subject.dispose?.();
      }
    },
  });
  const same = (actual: unknown, expected: unknown, what: string): void =>
    expectThat(actual === expected, `${what} must be ${String(expected)}, and is ${String(actual)}`);

  return [
    testCase('monotonic', 'counts whole nanoseconds and never goes back', async (clock, pass) => {
      let last = clock.now();
      for (let step = 0; step < 50; step++) {
        await pass(MILLISECOND);
        const now = clock.now();
        expectThat(Number.isSafeInteger(now) && now >= 0, `now must be a safe integer, and is ${now}`);
        expectThat(now >= last + MILLISECOND, `now must go on with time: ${last}, then ${now} a millisecond later`);
        last = now;
      }
      same(typeof clock.epoch, 'bigint', 'the type of epoch');
    }),
    testCase('order', 'fires what is due in order of deadline, then of arming', async (clock, pass) => {
      const fired: string[] = [];
      const start = clock.now();
      const arm = (name: string, delay: number): void =>
        clock.timer(() => fired.push(name)).arm(start + delay * MILLISECOND);
      arm('c', 300);
      arm('a1', 100);
      arm('b', 200);
      arm('a2', 100);
      arm('late', 1e9);
      await pass(300 * MILLISECOND);
      same(clock.fire(), 4, 'how many fired');
      same(fired.join(' '), 'a1 a2 b c', 'the order of firing');
    }),
    testCase('deadline', 'fires nothing early, nothing twice, and only in fire', async (clock, pass) => {
      let fired = 0;
      const timer = clock.timer(() => fired++);
      same(timer.deadline, undefined, 'the deadline of a new timer');
      const deadline = clock.now() + 1000 * MILLISECOND;
      timer.arm(deadline);
      same(timer.deadline, deadline, 'the deadline of an armed timer');
      same(clock.nextDeadline, deadline, 'nextDeadline');
      same(clock.fire(), 0, 'how many fire before the deadline');
      await pass(1000 * MILLISECOND);
      same(fired, 0, 'how often it fired outside of fire');
      same(clock.fire(), 1, 'how many fire at the deadline');
      same(clock.fire() + fired, 1, 'how often it fired in all');
      same(timer.deadline, undefined, 'the deadline after firing');
      same(clock.nextDeadline, undefined, 'nextDeadline after firing');
    }),
    testCase(
      'cancel',
      'does not fire a timer that was cancelled, also by one that fires before it',
      async (clock, pass) => {
        let fired = 0;
        const timer = clock.timer(() => fired++);
        const victim = clock.timer(() => fired++);
        const killer = clock.timer(() => victim.cancel());
        timer.arm(clock.now());
        timer.cancel();
        timer.cancel();
        same(clock.nextDeadline, undefined, 'nextDeadline after cancel');
        killer.arm(clock.now());
        victim.arm(clock.now() + 1);
        await pass(MILLISECOND);
        same(clock.fire(), 1, 'how many fired');
        same(fired, 0, 'how often a cancelled timer fired');
      },
    ),
    testCase('re-arm', 'replaces the deadline of a timer that is armed again', async (clock, pass) => {
      let fired = 0;
      const timer = clock.timer(() => fired++);
      const start = clock.now();
      timer.arm(start + MILLISECOND);
      timer.arm(start + 1000 * MILLISECOND);
      await pass(10 * MILLISECOND);
      same(clock.fire(), 0, 'how many fired at the first deadline');
      timer.arm(start);
      same(clock.fire(), 1, 'how many fired when armed in the past');
      same(fired, 1, 'how often it fired');
    }),
    testCase('bounded', 'comes back from fire when a timer keeps arming itself in the past', async (clock) => {
      let fired = 0;
      const timer = clock.timer(() => {
        fired++;
        expectThat(fired < 1000, 'fire must come back when a timer arms itself in the past');
        timer.arm(0);
      });
      timer.arm(0);
      clock.fire();
      clock.fire();
      expectThat(fired >= 2, 'a timer armed in its own callback must fire in the next fire');
    }),
    testCase('reset', 'goes back to zero with every timer cancelled', async (clock, pass) => {
      let fired = 0;
      const timer = clock.timer(() => fired++);
      await pass(1000 * MILLISECOND);
      timer.arm(clock.now());
      clock.pause();
      clock.reset();
      same(clock.now(), 0, 'now after reset');
      same(timer.deadline, undefined, 'the deadline after reset');
      same(clock.nextDeadline, undefined, 'nextDeadline after reset');
      clock.resume();
      await pass(2000 * MILLISECOND);
      same(clock.fire() + fired, 0, 'how many fire after reset');
    }),
    testCase('pause', 'stands still between pause and resume when it is real', async (clock, pass) => {
      if (clock.virtual !== undefined) return;
      clock.pause();
      clock.pause();
      const stopped = clock.now();
      await pass(1000 * MILLISECOND);
      same(clock.now(), stopped, 'now while paused');
      clock.resume();
      clock.resume();
      await pass(MILLISECOND);
      expectThat(clock.now() >= stopped + MILLISECOND, 'now must go on after resume');
      expectThat(clock.now() < stopped + 1000 * MILLISECOND, 'time that passed while paused must not count');
    }),
    testCase('kind', 'says that it is virtual exactly when it can be driven', async (clock) => {
      same(clock.kind, clock.virtual === undefined ? 'real' : 'virtual', 'kind');
    }),
    testCase('advance', 'is moved by advanceTo alone, which fires nothing and never goes back', async (clock) => {
      const { virtual } = clock;
      if (virtual === undefined) return;
      let fired = 0;
      clock.timer(() => fired++).arm(5);
      virtual.advanceTo(1000);
      same(clock.now(), 1000, 'now');
      same(fired, 0, 'how many fired');
      virtual.advanceTo(10);
      same(clock.now(), 1000, 'now after advanceTo the past');
      clock.pause();
      virtual.advanceTo(2000);
      same(clock.now(), 2000, 'now, which pause does not touch');
    }),
    testCase('follow', 'adds the instructions of the slice it follows, until told otherwise', async (clock) => {
      const { virtual } = clock;
      if (virtual === undefined) return;
      const step = virtual.nanosecondsPerInstruction;
      virtual.advanceTo(1000 * step);
      let retired = 0;
      virtual.follow(() => retired);
      same(clock.now(), 1000 * step, 'now at the start of the slice');
      retired = 7;
      same(clock.now(), 1007 * step, 'now after 7 instructions');
      virtual.follow(undefined);
      virtual.advanceTo(1010 * step);
      retired = 100;
      same(clock.now(), 1010 * step, 'now after the slice');
    }),
  ];
};
