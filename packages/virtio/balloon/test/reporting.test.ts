import type { VirtioQueue } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { zeroFill } from '../src/zero-fill.ts';
import { BASE, balloonBench, MIB } from './balloon-bench.ts';

/** A queue with one request that names a range of the bench's RAM, over and over. */
const reportOf = (bench: ReturnType<typeof balloonBench>, index: number, length: number, copies = 1) => {
  let live = true;
  const request = {
    readableLength: 0,
    writableLength: length * copies,
    get live() {
      return live;
    },
    readable: () => [],
    writable: (offset = 0, most = length * copies) => {
      const views: Uint8Array[] = [];
      for (let at = offset; at < Math.min(offset + most, length * copies); ) {
        const count = Math.min(length - (at % length), offset + most - at);
        const view = bench.memory.writableView(BASE + (at % length), count);
        if (view !== undefined) views.push(view);
        at += count;
      }
      return views;
    },
    read: () => new Uint8Array(0),
    write: () => 0,
  };
  let given = false;
  let completed = 0;
  const wrapped: VirtioQueue = {
    index,
    size: 32,
    take: () => (given ? undefined : ((given = true), request)),
    putBack: () => {},
    complete: () => {
      live = false;
      completed += 1;
    },
    completeAll: () => {},
  };
  return { queue: wrapped, completed: () => completed };
};

const notifyWith = (bench: ReturnType<typeof balloonBench>, features: bigint, queue: VirtioQueue) => {
  const queues: (VirtioQueue | undefined)[] = [bench.inflateq, bench.deflateq, bench.statsq, undefined, undefined];
  queues[queue.index] = queue;
  bench.start(features, queues);
  bench.balloon.notified(queue.index);
};

const ALL = balloonBench().balloon.features;

describe('free memory that a guest reports', () => {
  it.each([
    ['by the specification', r.REPORTING_VQ],
    ['by the count of Linux', r.FREE_PAGE_VQ],
  ])('is zeroes afterwards, on the queue that has the number %s', (_name, index) => {
    const bench = balloonBench();
    const report = reportOf(bench, index, 16 * r.PAGE);
    notifyWith(bench, ALL, report.queue);
    expect(report.completed()).toBe(1);
    const pages = [0, 15, 16].map((page) => bench.filled(BASE / r.PAGE + page, 0));
    expect([pages, bench.balloon.reported]).toEqual([[true, true, false], 16 * r.PAGE]);
  });

  it('keeps its contents when the guest poisons it with something else', () => {
    const bench = balloonBench();
    bench.writeField(r.CONFIG.poison_val, 0xaaaa_aaaa);
    const report = reportOf(bench, r.REPORTING_VQ, 16 * r.PAGE);
    notifyWith(bench, ALL, report.queue);
    expect([report.completed(), bench.filled(BASE / r.PAGE, 0xaa), bench.balloon.reported]).toEqual([1, true, 0]);
  });

  it('is zeroes when the poison is zero', () => {
    const bench = balloonBench();
    bench.writeField(r.CONFIG.poison_val, 0);
    notifyWith(bench, ALL, reportOf(bench, r.REPORTING_VQ, r.PAGE).queue);
    expect(bench.filled(BASE / r.PAGE, 0)).toBe(true);
  });

  it('is not touched when the feature was not agreed on', () => {
    const bench = balloonBench();
    notifyWith(bench, ALL & ~r.VIRTIO_BALLOON_F_PAGE_REPORTING, reportOf(bench, r.REPORTING_VQ, r.PAGE).queue);
    expect(bench.filled(BASE / r.PAGE, 0xaa)).toBe(true);
  });

  it('that is very much is discarded piece by piece, between slices of the guest', () => {
    let bytes = 0;
    const bench = balloonBench({ discard: { discard: (range) => void (bytes += range.length) } });
    const report = reportOf(bench, r.REPORTING_VQ, MIB, 1000);
    notifyWith(bench, ALL, report.queue);
    expect(bytes).toBeLessThanOrEqual(32 * MIB);
    // Asking again and again makes it no faster.
    const before = bytes;
    for (let count = 0; count < 100; count++) bench.balloon.notified(r.REPORTING_VQ);
    expect([bytes, report.completed()]).toEqual([before, 0]);
    let slices = 0;
    while (bench.clock.nextDeadline !== undefined && slices++ < 100) bench.clock.fire();
    expect([bytes, report.completed(), slices]).toEqual([1000 * MIB, 1, 31]);
  });

  it('is forgotten at a reset', () => {
    let bytes = 0;
    const bench = balloonBench({ discard: { discard: (range) => void (bytes += range.length) } });
    const report = reportOf(bench, r.REPORTING_VQ, MIB, 1000);
    notifyWith(bench, ALL, report.queue);
    bench.reset();
    const before = bytes;
    bench.clock.fire();
    expect([bytes, report.completed()]).toEqual([before, 0]);
  });
});

describe('memory that is discarded', () => {
  it.each(['ordinary', 'shared'])('reads as zeroes and its neighbours as before, at any place in %s memory', (kind) => {
    const SIZE = 40_000;
    fc.assert(
      fc.property(fc.nat(SIZE), fc.nat(SIZE), fc.array(fc.nat(SIZE - 1), { maxLength: 20 }), (one, other, dirty) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const bytes = new Uint8Array(kind === 'shared' ? new SharedArrayBuffer(SIZE) : new ArrayBuffer(SIZE));
        for (const at of dirty) bytes[at] = 1;
        const expected = bytes.slice().fill(0, start, end);
        zeroFill.discard(bytes.subarray(start, end));
        expect(Buffer.compare(bytes, expected)).toBe(0);
      }),
    );
  });
});
