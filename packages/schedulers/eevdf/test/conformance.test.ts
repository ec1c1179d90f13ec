import { SchedulerToken } from '@vivarium/contracts';
import { schedulerSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { eevdf } from '../src/index.ts';

describe('eevdf as a scheduler', () => {
  const make = async () => ({ scheduler: (await setupPart(eevdf)).get(SchedulerToken).create() });
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
