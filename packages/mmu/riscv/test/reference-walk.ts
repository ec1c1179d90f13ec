/**
 * Virtual address translation once more, in integers of any size and step by step as the Privileged Architecture
 * numbers the steps in "Virtual Address Translation Process" (section 12.3.2), with Svnapot, Svpbmt, Svade and Svadu.
 * It has nothing in common with src/page-walk.ts.
 */
import type { AccessKind } from './reference-pmp.ts';

export interface WalkInput {
  readonly virtual: bigint;
  readonly kind: AccessKind;
  /** Effective privilege of the access, 0 or 1. */
  readonly privilege: number;
  readonly satp: bigint;
  readonly sum: boolean;
  readonly mxr: boolean;
  readonly svadu: boolean;
  readonly svpbmt: boolean;
}

/** Physical memory as the walker meets it. */
export interface WalkMemory {
  /** The page-table entry at a physical address; undefined where PMA or PMP forbid it. */
  readEntry(address: bigint): bigint | undefined;
  /** False where PMP forbids it. */
  writeEntry(address: bigint, entry: bigint): boolean;
}

export type WalkResult =
  | { readonly kind: 'page-fault' | 'access-fault' }
  | { readonly kind: 'address'; readonly physical: bigint };

const PAGE_FAULT = { kind: 'page-fault' } as const;
const ACCESS_FAULT = { kind: 'access-fault' } as const;
const LEVELS: Readonly<Record<string, bigint>> = { '8': 3n, '9': 4n, '10': 5n };

const bits = (value: bigint, high: bigint, low: bigint): bigint => (value >> low) & ((1n << (high - low + 1n)) - 1n);

const fields = (pte: bigint) => ({
  v: bits(pte, 0n, 0n) === 1n,
  r: bits(pte, 1n, 1n) === 1n,
  w: bits(pte, 2n, 2n) === 1n,
  x: bits(pte, 3n, 3n) === 1n,
  u: bits(pte, 4n, 4n) === 1n,
  a: bits(pte, 6n, 6n) === 1n,
  d: bits(pte, 7n, 7n) === 1n,
  ppn: bits(pte, 53n, 10n),
  reserved: bits(pte, 60n, 54n),
  pbmt: bits(pte, 62n, 61n),
  n: bits(pte, 63n, 63n) === 1n,
});

export const referenceWalk = (input: WalkInput, memory: WalkMemory): WalkResult => {
  const levels = LEVELS[`${input.satp >> 60n}`];
  if (levels === undefined) throw new Error('no such translation mode');
  // Section 12.4.1: bits above the virtual address must all equal its highest bit.
  const width = 12n + 9n * levels;
  if (BigInt.asUintN(64, BigInt.asIntN(Number(width), input.virtual)) !== input.virtual) return PAGE_FAULT;
  // 1
  let a = bits(input.satp, 43n, 0n) * 4096n;
  for (let i = levels - 1n; ; ) {
    // 2
    const place = a + bits(input.virtual, 20n + 9n * i, 12n + 9n * i) * 8n;
    const pte = memory.readEntry(place);
    if (pte === undefined) return ACCESS_FAULT;
    // 3
    const entry = fields(pte);
    if (!entry.v || (!entry.r && entry.w) || entry.reserved !== 0n) return PAGE_FAULT;
    if (input.svpbmt ? entry.pbmt === 3n : entry.pbmt !== 0n) return PAGE_FAULT;
    // 4
    if (!entry.r && !entry.x) {
      if (entry.a || entry.d || entry.u || entry.pbmt !== 0n || entry.n) return PAGE_FAULT;
      i -= 1n;
      if (i < 0n) return PAGE_FAULT;
      a = entry.ppn * 4096n;
      continue;
    }
    // 5: what may be done to the page
    const userPage = input.privilege === 0 ? entry.u : !entry.u || (input.sum && input.kind !== 'fetch');
    const readable = entry.r || (input.mxr && entry.x);
    if (!userPage || !{ read: readable, write: entry.w, fetch: entry.x }[input.kind]) return PAGE_FAULT;
    // 6: misaligned superpages, and Svnapot's only size
    if (i > 0n && bits(entry.ppn, 9n * i - 1n, 0n) !== 0n) return PAGE_FAULT;
    if (entry.n && (i > 0n || bits(entry.ppn, 3n, 0n) !== 8n)) return PAGE_FAULT;
    // 7
    if (!entry.a || (input.kind === 'write' && !entry.d)) {
      if (!input.svadu) return PAGE_FAULT;
      if (!memory.writeEntry(place, pte | (1n << 6n) | (input.kind === 'write' ? 1n << 7n : 0n))) return ACCESS_FAULT;
    }
    // 8
    const size = entry.n ? 16n : 1n << (9n * i);
    const page = (entry.ppn / size) * size + (bits(input.virtual, width - 1n, 12n) % size);
    return { kind: 'address', physical: page * 4096n + bits(input.virtual, 11n, 0n) };
  }
};
