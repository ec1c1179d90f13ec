import { SchedulerToken } from '@vivarium/contracts';
import { schedulerSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { nullScheduler } from '../src/index.ts';

describe('null as a scheduler', () => {
  const make = async () => ({
    scheduler: (await setupPart(nullScheduler)).get(SchedulerToken).create(),
    shares: false,
  });
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
