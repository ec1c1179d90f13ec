import type { VirtioDevice, VirtioQueue, VirtioRequest } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Feature } from '../src/hostile/driver.ts';
import { DESCRIPTOR, type Element, INDIRECT, WRITE } from '../src/hostile/driver-ring.ts';
import { Laboratory, type RingFormat } from '../src/hostile/laboratory.ts';

/** Holds requests until the test lets go of them. */
class Holder implements VirtioDevice {
  readonly deviceId = 0x3e;
  readonly kind = 'holder';
  readonly features = 0n;
  readonly queueSizes = [16];
  readonly config = { length: 0, read: () => 0 };
  queue: VirtioQueue | undefined;
  readonly held: VirtioRequest[] = [];

  activate(_features: bigint, queues: readonly (VirtioQueue | undefined)[]): void {
    this.queue = queues[0];
  }

  notified(): void {
    for (let request = this.queue?.take(); request !== undefined; request = this.queue?.take()) this.held.push(request);
  }

  reset(): void {
    this.queue = undefined;
    this.held.length = 0;
  }
}

const started = (format: RingFormat, features: (wanted: bigint) => bigint = (wanted) => wanted) => {
  const device = new Holder();
  const lab = new Laboratory(
    { device, probe: { queue: 0, writable: [4] } },
    { transport: 'mmio', format },
    { inOrder: true },
  );
  lab.start(lab.bench, features(lab.wanted(lab.bench)));
  return { device, lab, ring: lab.ring(lab.bench) };
};

const formats = [['split'], ['packed']] as const;
const outOfOrder = (wanted: bigint) => wanted & ~Feature.inOrder;

describe('C14 a ring that another vCPU fills while the host drains it', () => {
  it.each([
    ['split', 'good', 0],
    ['packed', 'good', 0],
    // A readable buffer behind a writable one. In a packed ring slots come back behind the last of them, and end it so.
    ['split', 'malformed', WRITE],
  ] as const)(
    'gives, of a %s ring, a queue of %s chains without a notification, and the rest later',
    (format, _what, flags) => {
      const { device, lab, ring } = started(format, outOfOrder);
      const { size } = ring.place;
      const buffer = { address: BigInt(lab.buffer()), length: 4 };
      ring.writeTable(lab.table(), [{ ...buffer, flags }, buffer]);
      let published = 0;
      const publish = (): void => {
        published += 1;
        ring.publish([{ address: BigInt(lab.table()), length: 2 * DESCRIPTOR, flags: INDIRECT }]);
        ring.returned();
      };
      // Whenever the device has taken one, there is another; of a driver that stops in the end, or nothing else would.
      lab.hooked.hook = (address) => {
        if (address === lab.table() && published < 5000) publish();
        return undefined;
      };
      const drain = (): void => {
        for (let request = device.queue?.take(); request !== undefined; request = device.queue?.take())
          device.queue?.complete(request, 0);
      };
      device.notified = drain;
      publish();
      // As when a backend has room again.
      drain();
      expect([published > size / 2, published <= 2 * size]).toEqual([true, true]);
      // What is left is looked at in the next turns, without a notification of the driver.
      lab.bench.settle();
      expect(published).toBeGreaterThan(2 * size);
      lab.hooked.hook = undefined;
      lab.bench.settle();
      expect(device.queue?.take()).toBeUndefined();
    },
  );
});

describe.each(formats)('a %s ring', (format) => {
  it('gives what the driver wrote, however it was cut, and takes back what the device wrote', () => {
    const buffers = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 4 });
    const chain = fc.record({ readable: buffers, writable: buffers, indirect: fc.boolean(), written: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(chain, { maxLength: 40 }), fc.boolean(), (chains, eventIndex) => {
        const { device, lab, ring } = started(format, (wanted) =>
          outOfOrder(eventIndex ? wanted : wanted & ~Feature.eventIndex),
        );
        for (const [round, { readable, writable, indirect, written }] of chains.entries()) {
          let at = lab.buffer();
          const place = (length: number, flags: number): Element => {
            const element = { address: BigInt(at), length, flags };
            at += length + 3;
            return element;
          };
          const sources = readable.map((length) => place(length, 0));
          const targets = writable.map((length) => place(length, WRITE));
          const sent = sources.flatMap(({ address, length }, piece) => {
            const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + piece + round);
            lab.memory.write(Number(address), bytes);
            return [...bytes];
          });
          const all = [...sources, ...targets];
          if (indirect) ring.writeTable(lab.table(), all);
          const table = { address: BigInt(lab.table()), length: DESCRIPTOR * all.length, flags: INDIRECT };
          const id = ring.publish(indirect ? [table] : all);
          lab.kick();
          const request = device.held.pop();
          if (request === undefined) throw new Error('the request did not arrive');
          expect([...request.read(0, request.readableLength)]).toEqual(sent);
          const middle = Math.floor(sent.length / 2);
          expect(request.readable(middle, 5).flatMap((piece) => [...piece])).toEqual(sent.slice(middle, middle + 5));
          const room = targets.reduce((sum, { length }) => sum + length, 0);
          expect(request.writableLength).toBe(room);
          const answer = Uint8Array.from({ length: written }, (_, index) => index + round);
          expect(request.write(0, answer)).toBe(Math.min(written, room));
          device.queue?.complete(request, written);
          expect(ring.returned()).toEqual([{ id, length: Math.min(written, room) }]);
          const got = targets.flatMap(({ address, length }) => [...(lab.memory.read(Number(address), length) ?? [])]);
          expect(got.slice(0, written)).toEqual([...answer.subarray(0, room)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes requests back in any order', () => {
    const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 });
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 8 }), (orders) => {
        const { device, lab, ring } = started(format, outOfOrder);
        for (const each of orders) {
          const ids = each.map(() => ring.publish(lab.elements()));
          lab.kick();
          const held = device.held.splice(0);
          for (const index of each) {
            const request = held[index];
            if (request !== undefined) device.queue?.complete(request, index % 5);
          }
          expect(ring.returned().map(({ id }) => id)).toEqual(each.map((index) => ids[index]));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives them back in the order of the driver when that was agreed on', () => {
    const { device, lab, ring } = started(format);
    const ids = [0, 1, 2].map(() => ring.publish(lab.elements()));
    lab.kick();
    const [first, second, third] = device.held;
    if (first === undefined || second === undefined || third === undefined) throw new Error('requests are missing');
    device.queue?.complete(third, 3);
    device.queue?.complete(second, 2);
    expect(ring.returned()).toEqual([]);
    device.queue?.complete(first, 1);
    expect(ring.returned()).toEqual([1, 2, 3].map((length, index) => ({ id: ids[index], length })));
  });

  it('gives requests that were put back again, the oldest first', () => {
    const { device, lab, ring } = started(format);
    for (let count = 0; count < 20; count++) {
      const ids = [0, 1, 2].map(() => ring.publish(lab.elements()));
      lab.kick();
      device.queue?.putBack(device.held.splice(0));
      device.notified();
      for (const request of device.held.splice(0)) device.queue?.complete(request, 4);
      expect(ring.returned().map(({ id }) => id)).toEqual(ids);
    }
  });

  it('ignores a completion that comes twice, or after a reset', () => {
    const { device, lab, ring } = started(format);
    ring.publish(lab.elements());
    lab.kick();
    const [request] = device.held;
    const { queue } = device;
    if (request === undefined || queue === undefined) throw new Error('the request did not arrive');
    queue.complete(request, 4);
    queue.complete(request, 4);
    expect(ring.returned()).toHaveLength(1);
    ring.publish(lab.elements());
    lab.kick();
    const late = device.held.at(-1);
    lab.bench.driver.status = 0;
    expect(late?.live).toBe(false);
    expect(late?.write(0, Uint8Array.of(1))).toBe(0);
    if (late !== undefined) queue.complete(late, 4);
    expect(ring.returned()).toEqual([]);
    expect(lab.bench.interrupts.level).toBe(false);
  });
});

describe('event indices of a split ring', () => {
  it('keep interrupts back until the one that the driver waits for', () => {
    const { device, lab } = started('split', outOfOrder);
    const ring = lab.split();
    ring.usedEvent = 2;
    for (const expected of [0, 0, 1, 0]) {
      ring.publish(lab.elements());
      lab.kick();
      const request = device.held.pop();
      if (request !== undefined) device.queue?.complete(request, 0);
      expect(lab.bench.driver.takeInterrupts() & 1).toBe(expected);
    }
  });
});
