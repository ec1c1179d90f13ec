import { copyPieces, type ParsedIpv4 } from '@vivarium/net-packet';

/** A payload that was put together. */
export interface Whole {
  readonly ip: ParsedIpv4;
  readonly bytes: Uint8Array;
}

interface Partial {
  /** Header of the piece that comes first. */
  ip: ParsedIpv4 | undefined;
  bytes: Uint8Array;
  /** Ranges that have come: start → end, apart from each other. */
  readonly ranges: Map<number, number>;
  /** Length of the whole, when the last piece has come. */
  length: number | undefined;
  readonly expires: number;
}

/** Bounds of {@link Reassembly}. */
export interface ReassemblyLimits {
  /** Datagrams that wait for pieces. */
  readonly datagrams: number;
  /** Bytes of all of them. */
  readonly bytes: number;
}

/** Nanoseconds (RFC 1122, section 3.3.2, wants 60 to 120 s of hosts in the Internet; this link is short). */
const PATIENCE = 15e9;
const LONGEST = 65_535;
/** A datagram in more pieces than these is an attack. */
const MOST_RANGES = 64;

/** Puts together datagrams that a guest sends in pieces (RFC 791, section 3.2). Pieces that overlap spoil the whole. */
export class Reassembly {
  readonly #limits: ReassemblyLimits;
  readonly #partials = new Map<string, Partial>();
  #bytes = 0;

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits;
  }

  clear(): void {
    this.#partials.clear();
    this.#bytes = 0;
  }

  /** Takes a piece: bytes `start…end` of `pieces`. The whole when it is the last that was missing; `spoiled` when it never will be. */
  add(
    ip: ParsedIpv4,
    pieces: readonly Uint8Array[],
    start: number,
    end: number,
    now: number,
  ): Whole | 'waiting' | 'spoiled' {
    const key = `${ip.source}:${ip.destination}:${ip.protocol}:${ip.identification}`;
    const from = ip.fragmentOffset;
    const to = from + end - start;
    const partial = this.#partialOf(key, now);
    const isWrong = to > LONGEST - ip.headerLength || to === from || (ip.moreFragments && (to & 7) !== 0);
    if (isWrong || !this.#place(partial, from, to, ip.moreFragments)) {
      this.#forget(key);
      return 'spoiled';
    }
    copyPieces(pieces, start, end, partial.bytes, from);
    if (from === 0) partial.ip = ip;
    const length = partial.length;
    if (length === undefined || partial.ip === undefined || covered(partial.ranges) !== length) return 'waiting';
    this.#forget(key);
    return { ip: partial.ip, bytes: partial.bytes.subarray(0, length) };
  }

  #partialOf(key: string, now: number): Partial {
    for (const [oldest, { expires }] of this.#partials) {
      if (expires > now) break;
      this.#forget(oldest);
    }
    const known = this.#partials.get(key);
    if (known !== undefined) return known;
    const partial = {
      ip: undefined,
      bytes: new Uint8Array(0),
      ranges: new Map(),
      length: undefined,
      expires: now + PATIENCE,
    };
    this.#partials.set(key, partial);
    this.#trim(key);
    return partial;
  }

  /** False: it does not fit what has come, or the bounds. */
  #place(partial: Partial, from: number, to: number, more: boolean): boolean {
    if (partial.ranges.size >= MOST_RANGES) return false;
    for (const [start, end] of partial.ranges) if (from < end && to > start) return false;
    if (!more) {
      if (partial.length !== undefined) return false;
      partial.length = to;
    }
    const last = Math.max(to, ...partial.ranges.values());
    if (partial.length !== undefined && last > partial.length) return false;
    partial.ranges.set(from, to);
    if (to > partial.bytes.length) {
      const grown = new Uint8Array(Math.min(LONGEST, Math.max(to, partial.bytes.length * 2)));
      grown.set(partial.bytes);
      this.#bytes += grown.length - partial.bytes.length;
      partial.bytes = grown;
    }
    for (const [key, oldest] of this.#partials) {
      if (this.#bytes <= this.#limits.bytes || oldest === partial) break;
      this.#forget(key);
    }
    return true;
  }

  #trim(newest: string): void {
    for (const oldest of this.#partials.keys()) {
      if (this.#partials.size <= this.#limits.datagrams || oldest === newest) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#partials.get(key)?.bytes.length ?? 0;
    this.#partials.delete(key);
  }
}

const covered = (ranges: ReadonlyMap<number, number>): number => {
  let sum = 0;
  for (const [start, end] of ranges) sum += end - start;
  return sum;
};
