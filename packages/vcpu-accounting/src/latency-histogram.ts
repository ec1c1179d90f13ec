import type { WakeLatency } from '@vivarium/contracts';

/** Parts of an octave: a bucket is at most an eighth wider than its lower end. */
const PARTS = 8;
/** Below this every nanosecond has a bucket. */
const LINEAR = 2 * PARTS;
/** Octaves up to 2^46 ns, most of a day; what is longer counts as that. */
const OCTAVES = 44;
const BUCKETS = LINEAR + (OCTAVES - 1) * PARTS;
const LONGEST = 2 ** (OCTAVES + 2);

const bucketOf = (latency: number): number => {
  if (latency < LINEAR) return latency;
  const octave = Math.floor(Math.log2(latency));
  // The logarithm of 2^k − 1 can round up to k for large k; the bucket is then the one above, still an upper bound.
  const part = Math.max(0, Math.floor(latency / 2 ** (octave - 3)) - PARTS);
  return LINEAR + (octave - 4) * PARTS + part;
};

/** The longest latency of a bucket. */
const upperEnd = (bucket: number): number => {
  if (bucket < LINEAR) return bucket;
  const octave = Math.floor((bucket - LINEAR) / PARTS) + 4;
  return (((bucket - LINEAR) % PARTS) + PARTS + 1) * 2 ** (octave - 3) - 1;
};

/** Counts latencies in nanoseconds in a fixed amount of memory, with a relative error of at most an eighth. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  record(latency: number): void {
    this.#count += 1;
    if (latency > this.#max) this.#max = latency;
    const bucket = bucketOf(Math.min(latency, LONGEST));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** The smallest upper end of a bucket that `fraction` of all latencies do not exceed; 0 when there are none. */
  quantile(fraction: number): number {
    let left = Math.ceil(this.#count * fraction);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(upperEnd(bucket), this.#max);
    }
    return this.#max;
  }

  summary(): WakeLatency {
    const buckets: { readonly upTo: number; readonly count: number }[] = [];
    for (const [bucket, count] of this.#counts.entries())
      if (count > 0) buckets.push({ upTo: upperEnd(bucket), count });
    return { count: this.#count, p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.#max, buckets };
  }
}
