import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatistics } from '../src/memory-statistics.ts';
import * as r from '../src/registers.ts';
import { balloonBench } from './balloon-bench.ts';

const SECOND = 1e9;

const entries = (list: readonly (readonly [tag: number, value: bigint])[]): Uint8Array => {
  const fields = new DataView(new ArrayBuffer(list.length * r.STAT_SIZE));
  for (const [index, [tag, value]] of list.entries()) {
    fields.setUint16(index * r.STAT_SIZE, tag, true);
    fields.setBigUint64(index * r.STAT_SIZE + 2, value, true);
  }
  return new Uint8Array(fields.buffer);
};

describe('statistics of a guest', () => {
  it('have the names of their tags', () => {
    const all = entries(Array.from({ length: 20 }, (_, tag) => [tag, BigInt(100 + tag)]));
    expect(parseStatistics(all, 7)).toEqual({
      at: 7,
      swappedIn: 100,
      swappedOut: 101,
      majorFaults: 102,
      minorFaults: 103,
      free: 104,
      total: 105,
      available: 106,
      caches: 107,
      hugePageAllocations: 108,
      hugePageFailures: 109,
      outOfMemoryKills: 110,
      allocationStalls: 111,
      asyncScans: 112,
      directScans: 113,
      asyncReclaims: 114,
      directReclaims: 115,
    });
  });

  it('leave out what is unknown, incomplete or no number', () => {
    const bytes = entries([
      [4, 1n],
      [0xffff, 2n],
      [5, 2n ** 64n - 1n],
      [4, 3n],
      [6, 9n],
    ]);
    expect(parseStatistics(bytes.subarray(0, -1), 0)).toEqual({ at: 0, free: 3 });
  });

  it('are safe integers, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const readings = parseStatistics(bytes, 0);
        for (const value of Object.values(readings)) expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        expect(Object.keys(readings).length).toBeLessThanOrEqual(17);
      }),
    );
  });
});

describe('the statistics queue', () => {
  const answer = (bench: ReturnType<typeof balloonBench>, free: bigint) => {
    const request = bench.statsq.submit(entries([[4, free]]), 0);
    bench.balloon.notified(r.STATSQ);
    return request;
  };

  it('is asked every interval, and answers with readings', () => {
    const bench = balloonBench();
    bench.balloon.pollStatistics(2);
    bench.start();
    const first = answer(bench, 10n);
    expect(bench.balloon.statistics).toEqual({ at: 0, free: 10 });
    bench.clock.advance(2 * SECOND - 1);
    expect(first.written).toBeUndefined();
    bench.clock.advance(1);
    expect(first.written).toBe(0);
    answer(bench, 20n);
    expect(bench.balloon.statistics).toEqual({ at: 2 * SECOND, free: 20 });
    expect(bench.events.filter(({ kind }) => kind === 'statistics')).toHaveLength(2);
  });

  it('is asked at once when somebody wants to know, and no more when nobody does', () => {
    const bench = balloonBench();
    bench.start();
    const first = answer(bench, 10n);
    bench.clock.advance(1000 * SECOND);
    expect(first.written).toBeUndefined();
    bench.balloon.pollStatistics(1);
    expect(first.written).toBe(0);
    const second = answer(bench, 20n);
    bench.balloon.pollStatistics(0);
    bench.clock.advance(10 * SECOND);
    expect(second.written).toBeUndefined();
  });

  it('is looked at when the driver is ready, without a notification', () => {
    const bench = balloonBench();
    bench.statsq.submit(entries([[4, 5n]]), 0);
    bench.start();
    expect(bench.balloon.statistics).toEqual({ at: 0, free: 5 });
  });

  it('waits for a driver that does not answer', () => {
    const bench = balloonBench();
    bench.balloon.pollStatistics(1);
    bench.start();
    answer(bench, 1n);
    bench.clock.advance(100 * SECOND);
    expect(bench.clock.nextDeadline).toBeUndefined();
    const late = answer(bench, 2n);
    bench.clock.advance(SECOND);
    expect(late.written).toBe(0);
  });

  it('holds one buffer, whatever the driver gives', () => {
    const bench = balloonBench();
    bench.start();
    for (let count = 0; count < 50; count++) bench.statsq.submit(entries([[4, BigInt(count)]]), 0);
    bench.balloon.notified(r.STATSQ);
    expect([bench.statsq.inFlight, bench.balloon.statistics?.free]).toEqual([1, 49]);
  });

  it('forgets at a reset, and is silent without the feature', () => {
    const bench = balloonBench();
    bench.balloon.pollStatistics(1);
    bench.start();
    answer(bench, 1n);
    bench.reset();
    expect(bench.balloon.statistics).toBeUndefined();
    bench.clock.advance(10 * SECOND);
    bench.start(0n);
    answer(bench, 5n);
    expect(bench.balloon.statistics).toBeUndefined();
  });

  it.each([-1, 0.01, Number.NaN, 1e9])('cannot be asked every %d seconds', (seconds) => {
    expect(() => balloonBench().balloon.pollStatistics(seconds)).toThrow(
      expect.objectContaining({ code: 'VIV_BALLOON_INTERVAL' }),
    );
  });
});
