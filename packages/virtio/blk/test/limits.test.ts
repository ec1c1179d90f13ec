import {
  type BlockBackend,
  BlockBackendToken,
  bind,
  RateLimitedToken,
  type VirtioQueue,
  type VirtioRequest,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import { setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { virtioBlk } from '../src/index.ts';

const SECOND = 1e9;

/** A queue of endless reads of one sector. */
const endlessReads = () => {
  let served = 0;
  let outstanding: VirtioRequest | undefined;
  const request = (): VirtioRequest => ({
    readableLength: 16,
    writableLength: 513,
    live: true,
    readable: () => [],
    writable: () => [new Uint8Array(512)],
    read: () => new Uint8Array(16),
    write: (_offset, bytes) => bytes.length,
  });
  const queue: VirtioQueue = {
    index: 0,
    size: 256,
    // As many as a real queue gives in one go.
    take: () => {
      outstanding ??= request();
      return served % 256 === 255 ? ((served += 1), undefined) : outstanding;
    },
    putBack: () => {},
    complete: () => {
      served += 1;
      outstanding = undefined;
    },
    completeAll: () => {},
  };
  return { queue, served: () => served };
};

const backend: BlockBackend = {
  capacity: 512,
  readOnly: true,
  deferred: false,
  read: () => undefined,
  write: () => 'unsupported',
  flush: () => undefined,
};

describe('limits of a disk', () => {
  it('hold requests back to the rate, go on by themselves, and change while it works', async () => {
    const part = await setupPart(virtioBlk, {
      options: { limits: { operations: { rate: 100, burst: 10 } } },
      provide: [bind(BlockBackendToken, backend)],
    });
    const device = part.get(VirtioDeviceToken);
    const { queue, served } = endlessReads();
    device.activate(0n, [queue], { configChanged: () => {}, needsReset: () => {} });
    device.notified(0);
    expect(served()).toBe(10);
    const run = (until: number): void => {
      for (let next = part.clock.nextDeadline; next !== undefined && next <= until; next = part.clock.nextDeadline) {
        part.clock.advance(next - part.clock.now());
      }
      part.clock.advance(until - part.clock.now());
    };
    run(SECOND);
    expect(served()).toBeGreaterThanOrEqual(109);
    expect(served()).toBeLessThanOrEqual(111);
    part.get(RateLimitedToken).limit('requests', { operations: { rate: 10, burst: 1 } });
    const before = served();
    run(2 * SECOND);
    expect(served() - before).toBeLessThanOrEqual(12);
    expect(served() - before).toBeGreaterThanOrEqual(9);
    expect(() => part.get(RateLimitedToken).limit('nothing', {})).toThrow(/no flow/);
  });
});
