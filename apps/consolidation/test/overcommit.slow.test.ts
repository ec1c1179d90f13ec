import { describe, expect, it } from 'vitest';
import { disorder } from '../src/memory-order.ts';
import { overcommit } from '../src/overcommit.ts';

describe('two Debian guests with twice the memory there is', () => {
  it('share, give way, and compute what they should', async () => {
    const result = await overcommit({
      guests: 2,
      memory: 144,
      limit: 144,
      data: 30,
      interval: 200,
      rest: 3,
      progress: () => {},
    });
    expect([...result.right.values()]).toEqual([true, true]);
    expect(disorder(result.updates)).toEqual([]);
    for (const { size, zero, shared } of result.idle.values()) {
      expect((size - zero - shared) / size).toBeLessThanOrEqual(0.4);
    }
    expect([...result.most.values()].some(({ shared }) => shared > 0)).toBe(true);
  }, 180_000);
});
