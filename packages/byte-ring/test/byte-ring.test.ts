import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRing } from '../src/byte-ring.ts';

describe('a byte ring', () => {
  it('agrees with a list under any sequence of operations', () => {
    const operation = fc.record({
      kind: fc.constantFrom('append' as const, 'push' as const, 'drop' as const),
      bytes: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.array(operation), (capacity, operations) => {
        const ring = new ByteRing(capacity);
        let model: number[] = [];
        for (const { kind, bytes } of operations) {
          if (kind === 'append') {
            const taken = Math.min(bytes.length, capacity - model.length);
            expect(ring.append(bytes)).toBe(taken);
            model.push(...bytes.subarray(0, taken));
          } else if (kind === 'push') {
            ring.push(bytes);
            model = [...model, ...bytes].slice(-capacity);
          } else {
            const count = Math.min(bytes.length, model.length);
            ring.drop(count);
            model.splice(0, count);
          }
          expect([...ring.contents()]).toEqual(model);
          expect(ring.length).toBe(model.length);
          expect(ring.room).toBe(capacity - model.length);
          const front = [...ring.front()];
          expect(front).toEqual(model.slice(0, front.length));
          expect(front.length > 0).toBe(model.length > 0);
        }
      }),
    );
  });
});
