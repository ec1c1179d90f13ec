import {
  type GuestMemoryFacts,
  type MemoryState,
  type MemoryWatch,
  type Reclaim,
  type ResourcePolicy,
  ReclaimPolicyToken,
  ResourcePolicyToken,
  bind,
} from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReclaim, reclaim } from '../src/index.ts';

const PAGE = 4096;
const MIB = 2 ** 20;
const HOST = { cpu: 1000, memory: 1024 * MIB };

const RECLAIMS: Record<MemoryState, readonly Reclaim[]> = {
  high: [],
  clear: ['share'],
  soft: ['share', 'balloon'],
  hard: ['share', 'compress', 'swap'],
  low: ['share', 'compress', 'swap', 'block'],
};

/** A resource policy that is in the state it is told, wants what it is told, and takes it all from the first guest. */
const resources = (
  state: MemoryState,
  wanted: number,
  spare = 0,
): Pick<ResourcePolicy, 'watchMemory' | 'revokeMemory'> => {
  const watch: MemoryWatch = { state, reclaims: RECLAIMS[state], wanted, spare, update: () => state };
  return { watchMemory: () => watch, revokeMemory: (bytes, uses) => uses.map((_, index) => (index === 0 ? bytes : 0)) };
};

const guest = (name: string, facts: Partial<GuestMemoryFacts> = {}): GuestMemoryFacts => ({
  claims: { guest: name, vcpus: 1, cpu: { shares: 1000 }, memory: { shares: 1000, size: 128 * MIB } },
  held: 100 * MIB,
  active: 0.5,
  compressed: { held: 0, most: 12 * MIB },
  swapped: { used: 0, most: 64 * MIB },
  balloon: { actual: 0, target: 0, limit: 128 * MIB },
  ...facts,
});

const decide = (state: MemoryState, wanted: number, facts: Partial<GuestMemoryFacts> = {}, spare = 0) =>
  createReclaim(resources(state, wanted, spare))
    .watch(HOST)
    .decide({ free: 0, guests: [guest('one', facts), guest('other')] });

describe('reclaim by states', () => {
  it('does nothing while there is enough', () => {
    expect(decide('high', 0).guests).toEqual(
      ['one', 'other'].map((name) => ({ guest: name, share: false, compress: 0, swap: 0, wait: false })),
    );
  });

  it.each<[MemoryState, object]>([
    ['clear', { share: true, compress: 0, swap: 0, wait: false }],
    ['soft', { share: true, balloon: 20 * MIB, compress: 0, swap: 0, wait: false }],
    ['hard', { share: true, compress: 12 * MIB, swap: 8 * MIB, wait: false }],
    ['low', { share: true, compress: 12 * MIB, swap: 8 * MIB, wait: true }],
  ])('in state %s asks for what belongs to it', (state, expected) => {
    const { state: told, reclaims, guests } = decide(state, 20 * MIB);
    expect(told).toBe(state);
    expect(reclaims).toEqual(RECLAIMS[state]);
    expect(guests[0]).toEqual({ guest: 'one', ...expected });
    expect(guests[1]).toEqual({ guest: 'other', share: true, compress: 0, swap: 0, wait: false });
  });

  it('asks no balloon for more than 65% of the RAM, and for nothing again that was asked for', () => {
    const most = Math.floor((128 * MIB * 0.65) / PAGE) * PAGE;
    expect(decide('soft', 120 * MIB).guests[0]?.balloon).toBe(most);
    const waiting = { balloon: { actual: 0, target: 30 * MIB, limit: 128 * MIB } };
    expect(decide('soft', 20 * MIB, waiting).guests[0]?.balloon).toBeUndefined();
  });

  it('lets balloons down by what is to spare, and no more', () => {
    const balloon = { actual: 40 * MIB, target: 40 * MIB, limit: 128 * MIB };
    expect(decide('high', 0, { balloon }, 10 * MIB).guests[0]?.balloon).toBe(30 * MIB);
    expect(decide('high', 0, { balloon }, 100 * MIB).guests[0]?.balloon).toBe(0);
    expect(decide('high', 0, { balloon }).guests[0]?.balloon).toBeUndefined();
  });

  it('asks for whole pages, and for no more than there is room for', () => {
    const amount = fc.integer({ min: -PAGE, max: 200 * MIB });
    fc.assert(
      fc.property(
        fc.constantFrom<MemoryState>('clear', 'soft', 'hard', 'low'),
        amount,
        amount,
        amount,
        (state, wanted, held, used) => {
          const facts = { compressed: { held, most: 12 * MIB }, swapped: { used, most: 64 * MIB } };
          const { compress, swap, balloon = 0 } = decide(state, wanted, facts).guests[0] ?? { compress: -1, swap: -1 };
          for (const each of [compress, swap, balloon]) {
            expect(each).toBeGreaterThanOrEqual(0);
            expect(each % PAGE).toBe(0);
          }
          expect(compress).toBeLessThanOrEqual(Math.max(0, 12 * MIB - held));
          expect(swap).toBeLessThanOrEqual(Math.max(0, 64 * MIB - used));
          expect(compress + swap).toBeLessThanOrEqual(Math.max(0, wanted));
        },
      ),
    );
  });

  it('is a plugin above a resource policy', async () => {
    const policy: ResourcePolicy = {
      ...resources('soft', MIB),
      name: 'test',
      admit: () => ({ admitted: true }),
      divideCpu: () => [],
      mayShare: () => false,
    };
    const { get } = await setupPart(reclaim, { provide: [bind(ResourcePolicyToken, policy)] });
    expect(get(ReclaimPolicyToken).watch(HOST).decide({ free: 0, guests: [] }).state).toBe('soft');
  });
});
