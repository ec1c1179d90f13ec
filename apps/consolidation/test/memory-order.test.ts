import type { MemoryState, Reclaim } from '@vivarium/contracts';
import type { MemoryEvent } from '@vivarium/host';
import { describe, expect, it } from 'vitest';
import { disorder } from '../src/memory-order.ts';

const state = (from: MemoryState, to: MemoryState): MemoryEvent => ({ kind: 'state', from, to, free: 0 });
const action = (at: MemoryState, what: Reclaim): MemoryEvent => ({
  kind: 'action',
  action: what,
  state: at,
  machine: 'one',
  asked: 0,
  won: 0,
});

describe('the order of states and actions', () => {
  it('is right where each state has its own, one after the other', () => {
    const log = [
      [state('high', 'soft'), action('soft', 'share'), action('soft', 'share'), action('soft', 'balloon')],
      [state('soft', 'low'), ...(['share', 'compress', 'swap', 'block'] as const).map((what) => action('low', what))],
      [state('low', 'high'), action('high', 'balloon')],
    ];
    expect(disorder(log)).toEqual([]);
  });

  it.each<[string, MemoryEvent[]]>([
    ['an action of another state', [state('high', 'clear'), action('clear', 'swap')]],
    ['actions in another order', [state('high', 'hard'), action('hard', 'swap'), action('hard', 'share')]],
    ['a state that does not follow', [state('clear', 'soft')]],
    ['an action told of another state', [state('high', 'hard'), action('low', 'share')]],
  ])('finds %s', (_, events) => {
    expect(disorder([events]).length).toBeGreaterThan(0);
  });
});
