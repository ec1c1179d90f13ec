import { SchedulerToken } from '@vivarium/contracts';
import { schedulerSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { rtds } from '../src/index.ts';

describe('rtds as a scheduler', () => {
  const make = async () => ({ scheduler: (await setupPart(rtds)).get(SchedulerToken).create() });
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
