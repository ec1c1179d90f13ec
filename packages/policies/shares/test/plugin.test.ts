import { ResourcePolicyToken } from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { shares } from '../src/index.ts';
import { claims } from './claims.ts';

describe('the plugin', () => {
  it('offers the policy with its options', async () => {
    const part = await setupPart(shares, { options: { idleTax: 0, minimumFree: 100 } });
    const policy = part.get(ResourcePolicyToken);
    expect(policy.name).toBe('shares');
    const half = { claims: claims('guest'), held: 2 ** 20, active: 0 };
    expect(policy.revokeMemory(2 ** 20, [half, { ...half, active: 1 }])).toEqual([2 ** 19, 2 ** 19]);
    const memory = policy.watchMemory({ cpu: 1000, memory: 2 ** 30 });
    expect(memory.update(99)).toBe('clear');
  });

  it.each([{ idleTax: 1 }, { idleTax: -0.1 }, { minimumFree: -1 }, { tax: 0.5 }])('refuses %o', async (options) => {
    await expect(setupPart(shares, { options })).rejects.toMatchObject({ code: 'VIV_TESTKIT_SETUP' });
  });
});
