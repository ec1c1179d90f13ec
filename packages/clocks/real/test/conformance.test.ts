import { clockSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { RealClock } from '../src/index.ts';

describe('the real clock as a clock', () => {
  const make = () => {
    let milliseconds = 5;
    const clock = new RealClock({ monotonic: () => milliseconds, wall: () => 0 });
    clock.resume();
    return {
      clock,
      // A little more than asked: the clock rounds down, and the suite wants at least so much.
      pass: (nanoseconds: number) => {
        milliseconds += (nanoseconds + 1) / 1e6;
      },
    };
  };
  it.each(clockSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
