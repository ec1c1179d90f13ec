import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../src/event-queue.ts';

describe('the event queue', () => {
  it('gives events in order of time, then rank, then arrival, also when more come in between', () => {
    const event = fc.record({ time: fc.nat(20), rank: fc.nat(2), pops: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const queue = new EventQueue();
        const waiting: { time: number; rank: number; index: number }[] = [];
        let happened = -1;
        const pop = () => {
          const [first] = waiting.sort((a, b) => a.time - b.time || a.rank - b.rank || a.index - b.index);
          expect(queue.nextTime).toBe(first?.time ?? Number.POSITIVE_INFINITY);
          queue.pop()?.();
          expect(happened).toBe(waiting.shift()?.index ?? happened);
        };
        for (const [index, { time, rank, pops }] of events.entries()) {
          waiting.push({ time, rank, index });
          queue.push(time, rank, () => {
            happened = index;
          });
          for (let count = 0; count < pops; count += 1) pop();
        }
        while (waiting.length > 0) pop();
        expect(queue.pop()).toBeUndefined();
      }),
    );
  });
});
