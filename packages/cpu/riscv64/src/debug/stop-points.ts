// `halves`, `touches` and `watched` run on TLB misses while a debugger has set something; nothing here runs otherwise.
import type { DebugPoint, WatchedAccess } from '@vivarium/contracts';

/** Kinds of data access, as bits: an atomic operation is both. */
export const LOADS = 1;
export const STORES = 2;

/** Enough for people; each hit of a watched page and each fetched page looks through all of them. */
const MOST_BREAKPOINTS = 256;
const MOST_WATCHPOINTS = 32;
const LONGEST_WATCH = 1 << 20;
const LAST_ADDRESS = (1n << 64n) - 1n;

interface Watch {
  readonly point: DebugPoint & { readonly kind: 'watchpoint' };
  /** First and last byte. */
  readonly first: bigint;
  readonly last: bigint;
  /** First and last page number. */
  readonly firstPage: number;
  readonly lastPage: number;
  readonly kinds: number;
}

/** What is watched and about to be touched. */
export interface WatchHit {
  readonly address: bigint;
  readonly access: WatchedAccess;
}

const KINDS: Readonly<Record<WatchedAccess, number>> = { read: LOADS, write: STORES, access: LOADS | STORES };

const joined = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const pageNumber = (low: number, high: number): number => (high >>> 0) * 0x100000 + (low >>> 12);

/** Breakpoints and watchpoints of a core, by guest-virtual address. Shared by its harts. */
export class StopPoints {
  /** Whether there are breakpoints, and watchpoints: what rare paths look at before anything else. */
  breaks = false;
  watches = false;
  readonly #breakpoints = new Set<bigint>();
  /** Halfwords within a page at which there are breakpoints, by page number. */
  readonly #pages = new Map<number, readonly number[]>();
  #watchpoints: readonly Watch[] = [];

  get all(): readonly DebugPoint[] {
    return [
      ...[...this.#breakpoints].map((address): DebugPoint => ({ kind: 'breakpoint', address })),
      ...this.#watchpoints.map(({ point }) => point),
    ];
  }

  /** False when there is no room, or nothing that could be watched. */
  insert(point: DebugPoint): boolean {
    if (point.address < 0n || point.address > LAST_ADDRESS) return false;
    if (this.has(point)) return true;
    const done = point.kind === 'breakpoint' ? this.#addBreakpoint(point.address) : this.#addWatchpoint(point);
    this.#changed();
    return done;
  }

  remove(point: DebugPoint): boolean {
    if (!this.has(point)) return false;
    if (point.kind === 'breakpoint') this.#breakpoints.delete(point.address);
    else this.#watchpoints = this.#watchpoints.filter((watch) => !same(watch.point, point));
    this.#changed();
    return true;
  }

  clear(): void {
    this.#breakpoints.clear();
    this.#watchpoints = [];
    this.#changed();
  }

  has(point: DebugPoint): boolean {
    if (point.kind === 'breakpoint') return this.#breakpoints.has(point.address);
    return this.#watchpoints.some((watch) => same(watch.point, point));
  }

  /** Halfwords with breakpoints on the page of an address. */
  halves(low: number, high: number): readonly number[] {
    return this.#pages.get(pageNumber(low, high)) ?? [];
  }

  /** Whether there is a breakpoint at this pc. */
  breaksAt(pc: bigint): boolean {
    return this.#breakpoints.has(pc);
  }

  /** Whether something on the page of an address is watched. */
  watched(low: number, high: number): boolean {
    const page = pageNumber(low, high);
    return this.#watchpoints.some(({ firstPage, lastPage }) => page >= firstPage && page <= lastPage);
  }

  /** The watchpoint that an access of `bytes` touches. `kinds` says what it does. */
  touched(low: number, high: number, bytes: number, kinds: number): WatchHit | undefined {
    const first = joined(low, high);
    const last = first + BigInt(bytes - 1);
    const watch = this.#watchpoints.find(
      (candidate) => (candidate.kinds & kinds) !== 0 && first <= candidate.last && last >= candidate.first,
    );
    if (watch === undefined) return undefined;
    return { address: first > watch.first ? first : watch.first, access: watch.point.access };
  }

  #addBreakpoint(address: bigint): boolean {
    if (this.#breakpoints.size === MOST_BREAKPOINTS) return false;
    this.#breakpoints.add(address);
    return true;
  }

  #addWatchpoint(point: DebugPoint & { readonly kind: 'watchpoint' }): boolean {
    const { address, length } = point;
    if (this.#watchpoints.length === MOST_WATCHPOINTS) return false;
    if (!Number.isInteger(length) || length < 1 || length > LONGEST_WATCH) return false;
    const last = address + BigInt(length - 1);
    if (last > LAST_ADDRESS) return false;
    const watch: Watch = {
      point,
      first: address,
      last,
      firstPage: Number(address >> 12n),
      lastPage: Number(last >> 12n),
      kinds: KINDS[point.access],
    };
    this.#watchpoints = [...this.#watchpoints, watch];
    return true;
  }

  #changed(): void {
    this.breaks = this.#breakpoints.size > 0;
    this.watches = this.#watchpoints.length > 0;
    this.#pages.clear();
    for (const address of this.#breakpoints) {
      const page = Number(address >> 12n);
      this.#pages.set(page, [...(this.#pages.get(page) ?? []), Number(address & 0xfffn) >> 1]);
    }
  }
}

const same = (a: DebugPoint & { readonly kind: 'watchpoint' }, b: DebugPoint): boolean =>
  b.kind === 'watchpoint' && a.address === b.address && a.length === b.length && a.access === b.access;
