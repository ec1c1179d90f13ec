import type { RemoteFence } from '@vivarium/contracts';
import type { HartMmu } from '@vivarium/isa-riscv';

/** Range fences over more pages than this flush everything: it is cheaper. */
const FENCE_PAGES = 64n;

/** Makes a hart's MMU forget what a fence of another hart is about. Call `select` after it. */
export const forget = (mmu: HartMmu, { range }: RemoteFence & { readonly kind: 'translations' }): void => {
  const first = range === undefined ? 0n : range.address >> 12n;
  const last = range === undefined ? 0n : (range.address + range.length - 1n) >> 12n;
  if (range === undefined || last - first >= FENCE_PAGES) {
    mmu.flush();
    return;
  }
  for (let page = first; page <= last; page += 1n) {
    mmu.flushPage(Number(BigInt.asIntN(32, page << 12n)), Number(BigInt.asIntN(32, page >> 20n)));
  }
};
