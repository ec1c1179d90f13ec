import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputQueue } from '../src/page/input-queue.ts';
import { INPUT_LIMIT, INPUT_WINDOW } from '../src/protocol.ts';
import { InputFeed } from '../src/worker/input-feed.ts';
import { FakePort } from './char-port.ts';

describe('input in the page', () => {
  it('goes to the worker up to the window, and further as the guest takes it', () => {
    const sent: number[] = [];
    const queue = new InputQueue((bytes) => sent.push(bytes.length));
    expect(queue.push(new Uint8Array(INPUT_WINDOW - 10))).toBe(true);
    expect(queue.push(new Uint8Array(30))).toBe(true);
    expect(sent).toEqual([INPUT_WINDOW - 10, 10]);
    queue.taken(5);
    expect(sent).toEqual([INPUT_WINDOW - 10, 10, 5]);
    queue.taken(INPUT_WINDOW);
    expect(sent).toEqual([INPUT_WINDOW - 10, 10, 5, 15]);
  });

  it('is refused whole when it does not fit, and taken again when there is room', () => {
    const queue = new InputQueue(() => {});
    expect(queue.push(new Uint8Array(INPUT_LIMIT))).toBe(true);
    expect(queue.push(new Uint8Array(INPUT_WINDOW))).toBe(true);
    expect(queue.push(new Uint8Array(1))).toBe(false);
    queue.taken(1);
    expect(queue.push(new Uint8Array(1))).toBe(true);
    expect(queue.push(new Uint8Array(1))).toBe(false);
  });

  it('sends bytes of its own, which may be given away', () => {
    const typed = Uint8Array.of(1, 2, 3);
    const queue = new InputQueue((bytes) => structuredClone(bytes, { transfer: [bytes.buffer] }));
    queue.push(typed);
    expect(typed).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('input in the worker', () => {
  it('waits for a guest that does not read', () => {
    const port = new FakePort();
    port.room = 2;
    const taken: number[] = [];
    const feed = new InputFeed(port, (count) => taken.push(count));
    feed.push(Uint8Array.of(1, 2, 3));
    feed.push(Uint8Array.of(4));
    expect([port.received, taken]).toEqual([[1, 2], [2]]);
    port.take(1);
    expect([port.received, taken]).toEqual([
      [1, 2, 3],
      [2, 1],
    ]);
    port.take(10);
    expect([port.received, taken]).toEqual([
      [1, 2, 3, 4],
      [2, 1, 1],
    ]);
    feed.close();
    expect(port.listeners).toBe(0);
  });

  it('arrives whole and in order over the whole way, whatever the guest takes at once', () => {
    const piece = fc
      .integer({ min: 1, max: 3 * INPUT_WINDOW })
      .map((length) => Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 1, max: 30_000 }), (pieces, appetite) => {
        const port = new FakePort();
        port.room = 0;
        let inWorker = 0;
        const queue = new InputQueue((bytes) => {
          inWorker += bytes.length;
          expect(inWorker).toBeLessThanOrEqual(INPUT_WINDOW);
          feed.push(bytes);
        });
        const feed = new InputFeed(port, (count) => {
          inWorker -= count;
          queue.taken(count);
        });
        for (const bytes of pieces) expect(queue.push(bytes)).toBe(true);
        const all = pieces.flatMap((bytes) => [...bytes]);
        for (let given = 0; given < all.length; given += appetite) port.take(appetite);
        expect(port.received.length).toBe(all.length);
        expect(port.received.every((byte, index) => byte === all[index])).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
