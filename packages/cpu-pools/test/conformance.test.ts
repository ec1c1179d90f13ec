import type { Scheduler } from '@vivarium/contracts';
import { roundRobin, schedulerSuite } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { CpuPools } from '../src/index.ts';

describe('CPU pools as a scheduler', () => {
  const make = () => {
    const pools = new CpuPools(roundRobin());
    const scheduler: Scheduler = Object.assign(pools, { name: 'pools', honours: [], configure: undefined as never });
    return { scheduler };
  };
  it.each(schedulerSuite(make))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});
