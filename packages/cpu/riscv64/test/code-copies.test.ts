import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodeCopies } from '../src/decode/code-copies.ts';
import { ThreadMemory } from '../src/threads/thread-memory.ts';

const PAGE = 4096;
const RAM = 0x8000_0000;

describe('copies of code', () => {
  it('name the words that changed since, once after each recheck', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(PAGE / 4 - 1), { maxLength: 40 }), (words) => {
        const linear = { buffer: new ArrayBuffer(4 * PAGE) };
        const memory = new ThreadMemory(linear, [{ base: RAM, length: PAGE, offset: 0 }], new Map(), PAGE);
        const copies = new CodeCopies(memory, 2);
        const copy = copies.take(1, RAM, 0);
        const live = new Int32Array(linear.buffer, 0, PAGE / 4);
        for (const word of words) live[word] = word + 1;
        const changed = new Set<number>();
        const note = (address: number, length: number): void => {
          for (let at = address; at < address + length; at += 4) changed.add((at - RAM) / 4);
          copies.refresh(1, address - RAM, address - RAM + length);
        };
        copies.check(1, note);
        expect(changed.size).toBe(0);
        copies.recheck();
        copies.check(1, note);
        expect([...changed].sort((a, b) => a - b)).toEqual(words.toSorted((a, b) => a - b));
        expect(new Int32Array(linear.buffer, copy, PAGE / 4)).toEqual(live);
        copies.recheck();
        copies.check(1, () => expect.unreachable());
      }),
      { numRuns: 50 },
    );
  });
});
