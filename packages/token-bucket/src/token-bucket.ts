import { errors } from './errors.ts';

/** A limit: bytes, operations, whatever is counted. */
export interface BucketLimit {
  /** Units a second that come in, at least 1. */
  readonly rate: number;
  /** Units that may be saved up, and be taken at once, at least 1. */
  readonly burst: number;
  /** Units besides, once, which never come back: room for a boot. */
  readonly once?: number;
}

const NANOSECONDS = 1e9;

const check = ({ rate, burst, once = 0 }: BucketLimit): void => {
  const wrong =
    !(rate >= 1 && rate <= Number.MAX_SAFE_INTEGER) ||
    !(burst >= 1 && burst <= Number.MAX_SAFE_INTEGER) ||
    !(once >= 0 && once <= Number.MAX_SAFE_INTEGER);
  if (wrong) throw errors.make('VIV_BUCKET_LIMIT', `no limit: rate ${rate}, burst ${burst}, once ${once}`);
};

/**
 * One bucket. It never holds more than `burst`, so any span of `t` seconds grants at most `burst + rate × t` units and
 * `once`. A request above `burst` would wait for ever; it is granted when the bucket is full, and the bucket then owes
 * the difference before it grants anything else.
 */
export class TokenBucket {
  #limit: BucketLimit;
  /** What was in it at {@link #since}; negative: owed. Kept as it was then, so that looking often loses nothing. */
  #tokens: number;
  #since: number;
  #once: number;

  /** Full at `now`. Times are in nanoseconds. */
  constructor(limit: BucketLimit, now: number) {
    check(limit);
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#since = now;
    this.#once = limit.once ?? 0;
  }

  get limit(): BucketLimit {
    return this.#limit;
  }

  /** Units that could be taken at `now`, without the one-time ones. A clock that goes back gives nothing. */
  available(now: number): number {
    const passed = Math.max(0, now - this.#since);
    return Math.min(this.#limit.burst, this.#tokens + (this.#limit.rate * passed) / NANOSECONDS);
  }

  /** Takes `amount` units, or none of them. What is no positive amount costs nothing. */
  take(amount: number, now: number): boolean {
    if (!(amount > 0)) return true;
    const available = this.available(now);
    if (available < this.#needed(amount)) return false;
    const once = Math.min(this.#once, amount);
    this.#once -= once;
    this.#tokens = available - (amount - once);
    this.#since = Math.max(this.#since, now);
    return true;
  }

  /** Nanoseconds after `now` until {@link take} would grant `amount`; always finite, 0 when it would now. */
  wait(amount: number, now: number): number {
    const needed = this.#needed(amount);
    if (!(amount > 0) || this.available(now) >= needed) return 0;
    const start = Math.max(this.#since, now);
    let at = Math.ceil(this.#since + ((needed - this.#tokens) * NANOSECONDS) / this.#limit.rate);
    at = Math.max(at, start + 1);
    // The division may have rounded down: the moment that is named is one at which there is enough.
    while (at < Number.MAX_SAFE_INTEGER && this.available(at) < needed) at = Math.max(at + 1, at * (1 + 2 ** -52));
    return Math.min(Math.ceil(at), Number.MAX_SAFE_INTEGER) - now;
  }

  /** Changes the limit. Nothing is gained by it: what is saved up is cut to the new burst, what is owed stays owed. */
  configure(limit: BucketLimit, now: number): void {
    check(limit);
    this.#tokens = Math.min(this.available(now), limit.burst);
    this.#since = Math.max(this.#since, now);
    this.#once = Math.min(this.#once, limit.once ?? 0);
    this.#limit = limit;
  }

  #needed(amount: number): number {
    return Math.min(Math.max(0, amount - this.#once), this.#limit.burst);
  }
}
