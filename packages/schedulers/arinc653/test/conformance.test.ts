import { SchedulerToken } from '@vivarium/contracts';
import { schedulerSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { arinc653 } from '../src/index.ts';

describe('arinc653 as a scheduler', () => {
  const windows = [
    { domain: 'one', duration: 10_000_000 },
    { domain: 'other', duration: 7_000_000 },
    { duration: 1_000_000 },
    { domain: 'one', duration: 1_500_000 },
  ];
  const make = async () => {
    const part = await setupPart(arinc653, { options: { majorFrame: 20_000_000, windows } });
    return { scheduler: part.get(SchedulerToken).create() };
  };
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
