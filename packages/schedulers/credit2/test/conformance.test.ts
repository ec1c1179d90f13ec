import { SchedulerToken } from '@vivarium/contracts';
import { schedulerSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { credit2 } from '../src/index.ts';

describe.each([16, 1])('credit2 as a scheduler, with %i pCPUs to a queue', (pcpusPerQueue) => {
  const make = async () => {
    const part = await setupPart(credit2, { options: { pcpusPerQueue } });
    return { scheduler: part.get(SchedulerToken).create() };
  };
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('options', () => {
  it.each([{ rateLimit: 50_000 }, { rateLimit: 1e9 }, { pcpusPerQueue: 0 }, { pcpusPerQueue: 1.5 }, { speed: 9 }])(
    'refuse %o',
    async (options) => {
      await expect(setupPart(credit2, { options })).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
    },
  );
});
