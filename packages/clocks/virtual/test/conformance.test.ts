import { ClockToken } from '@vivarium/contracts';
import { clockSuite, setupPart } from '@vivarium/testkit';
import { describe, it } from 'vitest';
import { virtualClock } from '../src/index.ts';

describe('the virtual clock as a clock', () => {
  const make = async () => ({ clock: (await setupPart(virtualClock)).get(ClockToken) });
  for (const { title, run } of clockSuite(make)) it(title, run);
});
