import { ClockToken } from '@vivarium/contracts';
import { clockSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../src/index.ts';

describe('the virtual clock as a clock', () => {
  const make = async () => ({ clock: (await setupPart(virtualClock)).get(ClockToken) });
  it.each(clockSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
