import type { Clock, Timer } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type ClockSubject, clockSuite, type FakeClock, fakeClock } from '../src/index.ts';

const failing = async (make: () => ClockSubject): Promise<string[]> => {
  const failed: string[] = [];
  for (const { id, run } of clockSuite(make)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'VIV_TESTKIT_FAILED' });
      failed.push(id.replace('clock/', ''));
    });
  }
  return failed;
};

/** The fake clock with some members replaced; getters of the rest stay alive. */
const changed = (change: (clock: FakeClock) => object) => (): ClockSubject => {
  const clock = fakeClock();
  const changes = Object.getOwnPropertyDescriptors(change(clock));
  return { clock: Object.defineProperties({} as Clock, { ...Object.getOwnPropertyDescriptors(clock), ...changes }) };
};

/** A clock of host time, which the suite drives by way of `pass`. */
const real = (pausing: boolean) => (): ClockSubject => {
  const inner = fakeClock();
  let running = true;
  const { virtual: _, ...members } = Object.getOwnPropertyDescriptors(inner);
  const clock = Object.defineProperties({} as Clock, {
    ...members,
    kind: { value: 'real' },
    pause: {
      value: () => {
        running = !pausing;
      },
    },
    resume: {
      value: () => {
        running = true;
      },
    },
  });
  return {
    clock,
    pass: (time) => {
      if (running) inner.virtual.advanceTo(inner.now() + time);
    },
  };
};

const timers = (change: (timer: Timer, expired: () => void) => Partial<Timer>) =>
  changed((clock) => ({
    timer: (expired: () => void): Timer => {
      const timer = clock.timer(expired);
      return Object.defineProperties({} as Timer, {
        arm: { value: (deadline: number) => timer.arm(deadline) },
        cancel: { value: () => timer.cancel() },
        deadline: { get: () => timer.deadline },
        ...Object.getOwnPropertyDescriptors(change(timer, expired)),
      });
    },
  }));

describe('clockSuite', () => {
  it('passes a virtual and a real clock that keep the contract', async () => {
    expect(await failing(() => ({ clock: fakeClock() }))).toEqual([]);
    expect(await failing(real(true))).toEqual([]);
  });

  it.each<[string, string[], () => ClockSubject]>([
    ['stands still', ['monotonic'], changed(() => ({ now: () => 5 }))],
    ['counts fractions', ['monotonic'], changed((clock) => ({ now: () => clock.now() + 0.5 }))],
    ['has a number as epoch', ['monotonic'], changed(() => ({ epoch: 0 }))],
    [
      'fires the latest first',
      ['order'],
      timers((timer) => ({ arm: (deadline) => timer.arm(deadline === 0 ? 0 : 1e9 - deadline) })),
    ],
    [
      'fires when time moves',
      ['order', 'deadline', 'cancel', 'advance'],
      changed((clock) => ({
        virtual: {
          ...clock.virtual,
          advanceTo: (time: number) => {
            clock.virtual.advanceTo(time);
            clock.fire();
          },
        },
      })),
    ],
    ['knows no cancel', ['cancel'], timers(() => ({ cancel: () => {} }))],
    [
      'keeps the first deadline',
      ['re-arm'],
      timers((timer) => ({
        arm: (deadline) => {
          if (timer.deadline === undefined || deadline === 0) timer.arm(deadline);
        },
      })),
    ],
    [
      'never comes back from a timer in the past',
      ['bounded'],
      changed((clock) => ({
        fire: () => {
          let fired = 0;
          for (let more = clock.fire(); more > 0; more = clock.fire()) fired += more;
          return fired;
        },
      })),
    ],
    ['keeps its time over a reset', ['reset'], changed(() => ({ reset: () => {} }))],
    ['goes on while paused', ['pause'], real(false)],
    ['says it is real and can be driven', ['kind'], changed(() => ({ kind: 'real' }))],
    [
      'goes back when told',
      ['advance'],
      changed((clock) => {
        let shift = 0;
        return {
          now: () => clock.now() - shift,
          virtual: {
            ...clock.virtual,
            advanceTo: (time: number) => {
              if (time < clock.now()) shift = clock.now() - time;
              else clock.virtual.advanceTo(time);
            },
          },
        };
      }),
    ],
    ['ignores the slice', ['follow'], changed((clock) => ({ virtual: { ...clock.virtual, follow: () => {} } }))],
    [
      'follows for ever',
      ['follow'],
      changed((clock) => ({
        virtual: {
          ...clock.virtual,
          follow: (slice: (() => number) | undefined) => {
            if (slice !== undefined) clock.virtual.follow(slice);
          },
        },
      })),
    ],
  ])('fails a clock that %s', async (_what, expected, make) => {
    const failed = await failing(make);
    for (const id of expected) expect(failed).toContain(id);
  });
});
