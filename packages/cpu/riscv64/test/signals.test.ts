import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RemoteFence } from '@vivarium/contracts';
import { HartSignals, RESET, SIGNAL_BYTES, WRITTEN } from '../src/threads/signals.ts';

const quad = fc.bigInt(0n, 2n ** 64n - 1n);
const fence: fc.Arbitrary<RemoteFence> = fc.oneof(
  fc.constant<RemoteFence>({ kind: 'code' }),
  fc.constant<RemoteFence>({ kind: 'translations' }),
  fc.record({ kind: fc.constant('translations' as const), range: fc.record({ address: quad, length: quad }) }),
);

describe('the signals of a hart', () => {
  it('carry fences in order, and stand for all of them once there are too many', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fence, { maxLength: 24 }), { maxLength: 8 }), (batches) => {
        const signals = new HartSignals(new SharedArrayBuffer(SIGNAL_BYTES), 0);
        for (const batch of batches) {
          signals.awake = true;
          for (const request of batch) signals.ask(request);
          const { asked } = signals;
          expect(signals.settled(asked)).toBe(batch.length === 0);
          const carried: RemoteFence[] = [];
          expect(signals.carryOut((request) => carried.push(request))).toBe(batch.length > 0);
          expect(carried).toEqual(batch.length > 16 ? [{ kind: 'code' }, { kind: 'translations' }] : batch);
          expect(signals.settled(asked)).toBe(true);
          expect(signals.carryOut(() => expect.unreachable())).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('let nobody wait for a hart that is not awake', () => {
    const signals = new HartSignals(new SharedArrayBuffer(SIGNAL_BYTES), 0);
    signals.ask({ kind: 'code' });
    expect(signals.settled(signals.asked)).toBe(true);
    signals.awake = true;
    expect(signals.settled(signals.asked)).toBe(false);
  });

  it('are taken once: changes, and those who wait', () => {
    const signals = new HartSignals(new SharedArrayBuffer(SIGNAL_BYTES), 0);
    signals.change(WRITTEN);
    signals.change(RESET);
    signals.addWaiter(2);
    signals.addWaiter(5);
    expect([signals.takeChanges(), signals.takeChanges()]).toEqual([WRITTEN | RESET, 0]);
    expect([signals.takeWaiters(), signals.takeWaiters()]).toEqual([0b100100, 0]);
  });
});
