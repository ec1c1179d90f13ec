import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { Arinc653, type Arinc653Settings, arinc653, MOST_WINDOWS } from '../src/index.ts';

const window = (duration: number) => ({ domain: 'one', duration });
const many = (count: number) => Array.from({ length: count }, () => window(1000));

describe('a table of windows', () => {
  it.each<readonly [string, Arinc653Settings]>([
    ['more than 64 windows', { majorFrame: 1e9, windows: many(MOST_WINDOWS + 1), turn: 1e6 }],
    ['an empty window', { majorFrame: 1e9, windows: [window(5), window(0)], turn: 1e6 }],
    ['a window of less than nothing', { majorFrame: 1e9, windows: [window(-5)], turn: 1e6 }],
    ['a window of half a nanosecond', { majorFrame: 1e9, windows: [window(0.5)], turn: 1e6 }],
    ['a window that is not a number', { majorFrame: 1e9, windows: [window(Number.NaN)], turn: 1e6 }],
    ['more than the major frame', { majorFrame: 1e7, windows: [window(6e6), window(4e6 + 1)], turn: 1e6 }],
    ['a frame of nothing', { majorFrame: 0, windows: [], turn: 1e6 }],
  ])('is refused with %s: when made, as options, and by configure', async (_, settings) => {
    expect(() => new Arinc653(settings)).toThrowError(expect.objectContaining({ code: 'VIV_ARINC653_TABLE' }));
    await expect(setupPart(arinc653, { options: settings })).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
    const scheduler = new Arinc653({ majorFrame: 1e7, windows: [window(1e7)], turn: 1e6 });
    scheduler.addPcpu(0, 0);
    scheduler.add(1, { domain: 'one' }, 0);
    scheduler.wake(1, 0);
    expect(() => scheduler.configure(settings, 5)).toThrowError(
      expect.objectContaining({ code: 'VIV_ARINC653_TABLE' }),
    );
    // The old one goes on.
    expect(scheduler.pick(0, 5)).toEqual({ kind: 'run', vcpu: 1, slice: 1e7 - 5 });
  });

  it('is taken with 64 windows that fill the frame to the last nanosecond', () => {
    const settings = { majorFrame: 64_000, windows: many(MOST_WINDOWS), turn: 1e6 };
    expect(() => new Arinc653(settings)).not.toThrowError();
  });
});
