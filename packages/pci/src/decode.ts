import type { PciBar, PciFunction, PciTarget } from '@vivarium/contracts';

/** Finds what decodes `width` bytes at an address, among functions and behind bridges. The first wins where two overlap. */
export const decode = (
  functions: readonly PciFunction[],
  kind: PciBar['kind'],
  address: number,
  width: number,
): PciTarget | undefined => {
  for (const each of functions) {
    for (const bar of each.bars) {
      const start = bar.kind === kind ? each.barBase(bar.index) : undefined;
      if (start === undefined || address < start || address + width > start + bar.region.length) continue;
      return { region: bar.region, at: address - start };
    }
    const behind = each.bridge?.target(kind, address, width);
    if (behind !== undefined) return behind;
  }
  return undefined;
};
