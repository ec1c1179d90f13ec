import type { MemoryBalloon } from '@vivarium/contracts';
import { expect, it } from 'vitest';
import { BalloonTarget } from '../../src/hardware/balloon-target.ts';

const PAGE = 4096;

const balloonOf = (target: number, limit: number) => ({
  target,
  limit,
  setTarget(this: { target: number }, bytes: number) {
    this.target = bytes;
  },
});

it('asks a guest for what the owner or a host in need wants, whichever is more', () => {
  const balloon = balloonOf(3 * PAGE, 100 * PAGE);
  const target = new BalloonTarget(balloon as unknown as MemoryBalloon);
  const asked = (who: 'owner' | 'reclaim', pages: number): number => {
    target.want(who, pages * PAGE);
    return balloon.target / PAGE;
  };
  expect(asked('reclaim', 2)).toBe(3);
  expect(asked('reclaim', 10)).toBe(10);
  expect(asked('owner', 7)).toBe(10);
  expect(asked('reclaim', 0)).toBe(7);
  expect(asked('owner', 0)).toBe(0);
  expect(asked('reclaim', 1000)).toBe(100);
  expect(asked('owner', 1.5)).toBe(100);
  expect(target.owner).toBe(PAGE);
});
