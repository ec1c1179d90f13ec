/**
 * Physical memory protection once more, byte by byte and in integers of any size, from the words of the Privileged
 * Architecture, section 3.7.1: slow, and with nothing in common with src/pmp.ts.
 */
export interface PmpEntry {
  /** pmpcfg byte: R, W, X in bits 0…2, A in 4…3, L in 7. */
  readonly configuration: number;
  /** pmpaddr. */
  readonly address: bigint;
}

export type AccessKind = 'read' | 'write' | 'fetch';

/** The bytes that an entry matches: from `start` up to but without `end`. */
export const matchedRange = (entries: readonly PmpEntry[], index: number): { start: bigint; end: bigint } => {
  const { configuration, address } = entries[index];
  switch ((configuration >> 3) & 3) {
    case 1: {
      const below = index === 0 ? 0n : entries[index - 1].address;
      return { start: below * 4n, end: address * 4n };
    }
    case 2:
      return { start: address * 4n, end: address * 4n + 4n };
    case 3: {
      // yyyy…0111: as many trailing ones as there are doublings of 8 bytes.
      let ones = 0n;
      while (((address >> ones) & 1n) === 1n) ones += 1n;
      const size = 8n << ones;
      const start = ((address >> (ones + 1n)) << (ones + 1n)) * 4n;
      return { start, end: start + size };
    }
    default:
      return { start: 0n, end: 0n };
  }
};

/** Whether an access may be made. `privilege`: 0, 1 or 3. */
export const pmpAllows = (
  entries: readonly PmpEntry[],
  address: bigint,
  bytes: number,
  kind: AccessKind,
  privilege: number,
): boolean => {
  for (const [index, { configuration }] of entries.entries()) {
    const { start, end } = matchedRange(entries, index);
    let matched = 0;
    for (let byte = 0n; byte < bytes; byte += 1n) if (address + byte >= start && address + byte < end) matched += 1;
    if (matched === 0) continue;
    // "The matching PMP entry must match all bytes of an access, or the access fails, irrespective of L, R, W, X."
    if (matched < bytes) return false;
    if (privilege === 3 && (configuration & 0x80) === 0) return true;
    const [read, write, execute] = [1, 2, 4].map((bit) => (configuration & bit) !== 0);
    // R=0 W=1 is reserved, so a page that may be written may be read.
    return { read, write: write && read, fetch: execute }[kind] ?? false;
  }
  return privilege === 3;
};
