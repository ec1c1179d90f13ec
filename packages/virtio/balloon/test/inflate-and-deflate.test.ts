import { bind, ClockToken, MemoryBalloonToken, MemoryDiscardToken, VirtioDeviceToken } from '@vivarium/contracts';
import { fakeClock, fakeMemory, setupPart } from '@vivarium/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { virtioBalloon } from '../src/index.ts';
import * as r from '../src/registers.ts';
import { BASE, balloonBench, FIRST_PAGE, MIB, pageNumbers } from './balloon-bench.ts';

describe('what the host asks for', () => {
  it('is in the configuration space, and the driver is told', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(8 * r.PAGE);
    expect([bench.field(r.CONFIG.num_pages), bench.changes]).toEqual([8, 0]);
    bench.start();
    bench.balloon.setTarget(12 * r.PAGE + 5);
    expect([bench.balloon.target, bench.field(r.CONFIG.num_pages), bench.changes]).toEqual([12 * r.PAGE, 12, 1]);
    bench.balloon.setTarget(12 * r.PAGE);
    expect(bench.changes).toBe(1);
  });

  it.each([-1, 0.5, Number.NaN, MIB + 1, Number.POSITIVE_INFINITY])('cannot be %d bytes', (bytes) => {
    const { balloon } = balloonBench();
    expect(() => balloon.setTarget(bytes)).toThrow(expect.objectContaining({ code: 'VIV_BALLOON_TARGET' }));
    balloon.setTarget(balloon.limit);
    expect(balloon.target).toBe(MIB);
  });

  it('outlives a reset, what the driver wrote does not', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(4 * r.PAGE);
    bench.start();
    bench.inflate(FIRST_PAGE);
    bench.writeField(r.CONFIG.actual, 1);
    expect([bench.balloon.actual, bench.balloon.claimed]).toEqual([r.PAGE, r.PAGE]);
    bench.reset();
    expect([bench.balloon.actual, bench.balloon.claimed, bench.balloon.target]).toEqual([0, 0, 4 * r.PAGE]);
    expect(bench.events.map(({ kind }) => kind)).toEqual(['driver', 'actual', 'driver']);
  });
});

describe('pages that go in', () => {
  it('are zeroes, and no others', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    const { written } = bench.inflate(FIRST_PAGE + 3, FIRST_PAGE + 5);
    expect(written).toBe(0);
    expect([2, 3, 4, 5, 6].map((page) => bench.filled(FIRST_PAGE + page, 0))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(bench.balloon.actual).toBe(2 * r.PAGE);
    expect(bench.events.at(-1)).toEqual({ kind: 'actual', actual: 2 * r.PAGE });
  });

  it('tell the cores that memory changes', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    const changed: number[] = [];
    bench.memory.onExternalWrite((address, length) => changed.push(address, length));
    bench.inflate(FIRST_PAGE + 7);
    expect(changed).toEqual([BASE + 7 * r.PAGE, r.PAGE]);
  });

  it('G25 count once, however often they come, and only when they are RAM', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    bench.inflate(FIRST_PAGE, FIRST_PAGE, 0, FIRST_PAGE - 1, FIRST_PAGE + 256, 0xffff_ffff, FIRST_PAGE + 255);
    bench.inflate(FIRST_PAGE);
    expect(bench.balloon.counters).toEqual({ inflated: 2, deflated: 0, refused: 6 });
    expect(bench.balloon.actual).toBe(2 * r.PAGE);
  });

  it('G25 are never more than were asked for; the others stay as they are', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(2 * r.PAGE);
    bench.start();
    bench.inflate(...[0, 1, 2, 3].map((page) => FIRST_PAGE + page));
    expect(bench.balloon.actual).toBe(2 * r.PAGE);
    expect(bench.filled(FIRST_PAGE + 2, 0xaa)).toBe(true);
    // Pages on their way when the target falls are taken all the same, or the count would never be right again.
    bench.balloon.setTarget(4 * r.PAGE);
    bench.balloon.setTarget(0);
    bench.inflate(FIRST_PAGE + 2);
    expect(bench.balloon.actual).toBe(3 * r.PAGE);
  });

  it('G26 may be cut anywhere by the driver, and an incomplete number is none', () => {
    const bench = balloonBench({}, 3);
    bench.balloon.setTarget(MIB);
    bench.start();
    const bytes = pageNumbers(FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + 2);
    bench.inflateq.submit(bytes.subarray(0, 11), 0);
    bench.balloon.notified(r.INFLATEQ);
    expect(bench.balloon.actual).toBe(2 * r.PAGE);
  });

  it('G25 of a list without end are the first of it', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    const list = new Uint32Array(100_000).fill(1);
    list[99_999] = FIRST_PAGE;
    const request = bench.inflateq.submit(new Uint8Array(list.buffer), 0);
    bench.balloon.notified(r.INFLATEQ);
    expect([request.written, bench.balloon.actual, bench.balloon.counters.refused]).toEqual([0, 0, 65_536]);
  });
});

describe('pages that come out', () => {
  it('count once, and only when they were in', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    bench.inflate(FIRST_PAGE, FIRST_PAGE + 1);
    const { written } = bench.deflate(FIRST_PAGE, FIRST_PAGE, FIRST_PAGE + 9, 0);
    expect([written, bench.balloon.actual]).toEqual([0, r.PAGE]);
    expect(bench.balloon.counters).toEqual({ inflated: 2, deflated: 1, refused: 3 });
  });

  it('can go in again', () => {
    const bench = balloonBench();
    bench.balloon.setTarget(MIB);
    bench.start();
    bench.inflate(FIRST_PAGE);
    bench.deflate(FIRST_PAGE);
    bench.memory.write(BASE, Uint8Array.of(1));
    bench.inflate(FIRST_PAGE);
    expect(bench.filled(FIRST_PAGE, 0)).toBe(true);
  });
});

describe('any requests', () => {
  it('leave the balloon as a set of pages would be, and memory zero where it went in', () => {
    const page = fc.oneof(fc.integer({ min: FIRST_PAGE - 2, max: FIRST_PAGE + 300 }), fc.nat(0xffff_ffff));
    const step = fc.record({ kind: fc.constantFrom('inflate', 'deflate'), pages: fc.array(page, { maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(256), (steps, target) => {
        const bench = balloonBench();
        bench.balloon.setTarget(target * r.PAGE);
        bench.start();
        const model = new Set<number>();
        for (const { kind, pages } of steps) {
          for (const each of pages) {
            if (kind === 'deflate') model.delete(each);
            else if (each >= FIRST_PAGE && each < FIRST_PAGE + 256 && model.size < target) model.add(each);
          }
          if (kind === 'inflate') bench.inflate(...pages);
          else bench.deflate(...pages);
          expect(bench.balloon.actual).toBe(model.size * r.PAGE);
        }
        for (const each of model) expect(bench.filled(each, 0)).toBe(true);
        expect([bench.inflateq.inFlight, bench.deflateq.inFlight]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a listener that fails', () => {
  it('stops neither the others nor the guest', () => {
    const failures: unknown[] = [];
    const bench = balloonBench({ listenerFailed: (error) => void failures.push(error) });
    const heard: string[] = [];
    const remove = bench.balloon.onEvent(() => {
      throw new Error('broken');
    });
    bench.balloon.onEvent(({ kind }) => void heard.push(kind));
    bench.start();
    expect([failures.length, heard]).toEqual([1, ['driver']]);
    remove();
    bench.reset();
    expect([failures.length, heard.length]).toEqual([1, 2]);
  });
});

describe('the plugin', () => {
  it('asks from the start, and uses the discard that the memory has', async () => {
    const memory = fakeMemory();
    const ranges: number[] = [];
    const { get } = await setupPart(virtioBalloon, {
      options: { target: MIB, reporting: false, deflateOnOom: false },
      memory,
      provide: [bind(MemoryDiscardToken, { discard: (range) => void ranges.push(range.byteOffset, range.length) })],
    });
    const device = get(VirtioDeviceToken);
    expect([device.deviceId, device.features, device.queueSizes.length]).toEqual([5, 3n, 3]);
    const { inflateq } = balloonBench();
    device.activate(device.features, [inflateq], { configChanged: () => {}, needsReset: () => {} });
    inflateq.submit(pageNumbers(FIRST_PAGE + 2), 0);
    device.notified(0);
    expect(ranges).toEqual([2 * r.PAGE, r.PAGE]);
    expect(get(MemoryBalloonToken).actual).toBe(r.PAGE);
  });

  it('refuses a target above the memory there is', async () => {
    const clock = bind(ClockToken, fakeClock());
    await expect(setupPart(virtioBalloon, { options: { target: 2 * MIB }, provide: [clock] })).rejects.toMatchObject({
      code: 'VIV_BALLOON_TARGET',
    });
  });
});
