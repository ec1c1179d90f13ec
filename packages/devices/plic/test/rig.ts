import type { InterruptLine } from '@vivarium/contracts';
import { Plic } from '../src/index.ts';
import * as r from '../src/registers.ts';

/** A PLIC with `contexts` recording targets, driven as a guest does. */
export const makeRig = (sources = 95, contexts = 2) => {
  const levels = new Array<boolean>(contexts).fill(false);
  const targets: InterruptLine[] = levels.map((_, context) => ({
    set: (level) => {
      levels[context] = level;
    },
  }));
  const plic = new Plic({ sources, targets, deviceTree: { name: 'plic', properties: {} } });
  const region = plic.regions[0];
  const read = (offset: number) => region.read(offset, 4);
  const write = (offset: number, value: number) => region.write(offset, 4, value);
  const contextBase = (context: number) => r.CONTEXT_BASE + context * r.CONTEXT_STRIDE;
  return {
    plic,
    region,
    levels,
    read,
    write,
    priority: (source: number, priority: number) => write(r.PRIORITY_BASE + 4 * source, priority),
    enable: (context: number, ...enabled: number[]) => {
      for (let word = 0; word * 32 <= sources; word += 1) {
        let bits = 0;
        for (const source of enabled) if (source >> 5 === word) bits |= 1 << (source & 31);
        write(r.ENABLE_BASE + context * r.ENABLE_STRIDE + 4 * word, bits >>> 0);
      }
    },
    threshold: (context: number, threshold: number) => write(contextBase(context) + r.THRESHOLD, threshold),
    claim: (context: number) => read(contextBase(context) + r.CLAIM_COMPLETE),
    complete: (context: number, source: number) => write(contextBase(context) + r.CLAIM_COMPLETE, source),
    pending: (source: number) => ((read(r.PENDING_BASE + 4 * (source >> 5)) >>> (source & 31)) & 1) === 1,
  };
};
