/** Page tables as data (Privileged Architecture, sections 12.3–12.6). */
import { TABLES } from './directed-program.ts';

export const V = 1n;
export const R = 2n;
export const W = 4n;
export const X = 8n;
export const U = 16n;
export const G = 32n;
export const A = 64n;
export const D = 128n;
/** Svnapot. */
export const N = 1n << 63n;
/** Svpbmt: non-cacheable and I/O; the value 3 is reserved. */
export const PBMT_NC = 1n << 61n;
export const PBMT_IO = 2n << 61n;
export const PBMT_RESERVED = 3n << 61n;
export const RWAD = V | R | W | A | D;

/** A page-table entry for a physical address. */
export const entry = (physical: bigint, bits: bigint): bigint => ((physical >> 12n) << 10n) | bits;

const PAGE = 4096n;

/** Builds a tree of tables. */
export class PageTables {
  readonly levels: number;
  readonly #tables = new Map<bigint, bigint[]>();
  readonly #root: bigint;
  #next: bigint;

  /** 3 for Sv39, 4 for Sv48, 5 for Sv57; tables lie from `root` on. */
  constructor(levels: 3 | 4 | 5, root = TABLES) {
    this.levels = levels;
    this.#root = root;
    this.#next = root;
    this.#allocate();
  }

  /** Where the tables end. */
  get end(): bigint {
    return this.#next;
  }

  /** Value for satp. */
  get satp(): bigint {
    return (BigInt(this.levels + 5) << 60n) | (this.#root >> 12n);
  }

  get memory(): ReadonlyMap<bigint, readonly bigint[]> {
    return this.#tables;
  }

  /** Puts `pte` at the level (0: 4 KiB pages) of the walk for `address`; tables on the way are made. Returns its address. */
  set(address: bigint, pte: bigint, level = 0): bigint {
    let table = this.#root;
    for (let at = this.levels - 1; at > level; at--) {
      const words = this.#tables.get(table) as bigint[];
      const index = Number((address >> BigInt(12 + 9 * at)) & 511n);
      if (words[index] === 0n) words[index] = entry(this.#allocate(), V);
      table = (words[index] >> 10n) << 12n;
    }
    const index = (address >> BigInt(12 + 9 * level)) & 511n;
    (this.#tables.get(table) as bigint[])[Number(index)] = pte;
    return table + 8n * index;
  }

  #allocate(): bigint {
    const table = this.#next;
    this.#tables.set(
      table,
      Array.from({ length: 512 }, () => 0n),
    );
    this.#next += PAGE;
    return table;
  }
}
