// Hot: every page that goes into the balloon passes here.
import type { MemoryDiscard } from '@vivarium/contracts';
import { PAGE } from './registers.ts';

/**
 * What JavaScript can do with guest memory: there is no way to give a part of a WebAssembly memory back to the operating
 * system, so it becomes zeroes. A page that is zeroes already is only read: the host has no memory behind a page that was
 * never written, and a write would make it find some.
 */
export const zeroFill: MemoryDiscard = {
  discard: (range) => {
    const head = Math.min((4 - (range.byteOffset % 4)) % 4, range.length);
    const count = (range.length - head) >>> 2;
    range.fill(0, 0, head);
    range.fill(0, head + count * 4);
    if (count === 0) return;
    const words = new Int32Array(range.buffer, range.byteOffset + head, count);
    for (let start = 0; start < count; start += PAGE / 4) {
      const end = Math.min(start + PAGE / 4, count);
      for (let at = start; at < end; at += 1) {
        if (words[at] !== 0) {
          words.fill(0, start, end);
          break;
        }
      }
    }
  },
};
