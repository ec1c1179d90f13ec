import { type BucketLimit, TokenBucket } from './token-bucket.ts';

/** Limits on transfers: each takes its bytes and one operation. Absent is unlimited. */
export interface RateLimits {
  /** Bytes a second. */
  readonly bytes?: BucketLimit;
  /** Packets or requests a second. */
  readonly operations?: BucketLimit;
}

/** Two buckets that grant together or not at all. */
export class RateLimiter {
  #bytes: TokenBucket | undefined;
  #operations: TokenBucket | undefined;

  constructor(limits: RateLimits, now: number) {
    this.configure(limits, now);
  }

  get limits(): RateLimits {
    return {
      ...(this.#bytes === undefined ? {} : { bytes: this.#bytes.limit }),
      ...(this.#operations === undefined ? {} : { operations: this.#operations.limit }),
    };
  }

  /** Grants one transfer of `bytes`, or none. */
  take(bytes: number, now: number): boolean {
    if (this.wait(bytes, now) > 0) return false;
    this.#bytes?.take(bytes, now);
    this.#operations?.take(1, now);
    return true;
  }

  /** Nanoseconds until {@link take} would grant it; 0 when it would now. */
  wait(bytes: number, now: number): number {
    return Math.max(this.#bytes?.wait(bytes, now) ?? 0, this.#operations?.wait(1, now) ?? 0);
  }

  /** Changes both limits while it is in use; a bucket that is new starts full. */
  configure({ bytes, operations }: RateLimits, now: number): void {
    this.#bytes = changed(this.#bytes, bytes, now);
    this.#operations = changed(this.#operations, operations, now);
  }
}

const changed = (
  bucket: TokenBucket | undefined,
  limit: BucketLimit | undefined,
  now: number,
): TokenBucket | undefined => {
  if (limit === undefined) return undefined;
  if (bucket === undefined) return new TokenBucket(limit, now);
  bucket.configure(limit, now);
  return bucket;
};
