/**
 * Rate limits: a token bucket over injected time. It knows no clock and no timer: the caller says what time it is, and
 * is told how long to wait. A span of `t` seconds grants at most `burst + rate × t` units; a request larger than the
 * burst is granted from a full bucket and owed afterwards, so that nothing waits for ever.
 *
 * Algorithm: token bucket, as in RFC 2697, section 3, with units of any kind.
 *
 * @example
 * import { TokenBucket } from '@vivarium/token-bucket';
 *
 * const bucket = new TokenBucket({ rate: 1_000_000, burst: 1500 }, 0);
 * bucket.take(1500, 0); // true
 * bucket.take(1000, 0); // false
 * bucket.wait(1000, 0); // 1_000_000, in nanoseconds
 * bucket.take(1000, 1_000_000); // true
 *
 * @module
 */
export { errorTable } from './errors.ts';
export { RateLimiter, type RateLimits } from './rate-limiter.ts';
export { Throttle, type ThrottleParts } from './throttle.ts';
export { transferLimits } from './transfer-limits.ts';
export { type BucketLimit, TokenBucket } from './token-bucket.ts';
