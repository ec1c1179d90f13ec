import type { VcpuStats, WakeLatency } from '@vivarium/contracts';

/** Of a vCPU that has done nothing yet. */
export const NO_STATS: VcpuStats = {
  run: 0,
  ready: 0,
  parked: 0,
  blocked: 0,
  wakeLatency: { count: 0, p50: 0, p99: 0, max: 0, buckets: [] },
  migrations: 0,
};

/** What one scheduler counted and what the next did, together. */
export const sumOf = (one: VcpuStats, other: VcpuStats): VcpuStats => ({
  run: one.run + other.run,
  ready: one.ready + other.ready,
  parked: one.parked + other.parked,
  blocked: one.blocked + other.blocked,
  wakeLatency: latencyOf(one.wakeLatency, other.wakeLatency),
  migrations: one.migrations + other.migrations,
});

const latencyOf = (one: WakeLatency, other: WakeLatency): WakeLatency => {
  if (one.count === 0) return other;
  if (other.count === 0) return one;
  const counts = new Map<number, number>();
  for (const { upTo, count } of [...one.buckets, ...other.buckets]) counts.set(upTo, (counts.get(upTo) ?? 0) + count);
  const buckets = [...counts].map(([upTo, count]) => ({ upTo, count })).sort((a, b) => a.upTo - b.upTo);
  const count = one.count + other.count;
  const max = Math.max(one.max, other.max);
  const quantile = (fraction: number): number => {
    let left = Math.ceil(count * fraction);
    const bucket = buckets.find((candidate) => {
      left -= candidate.count;
      return left <= 0;
    });
    return Math.min(bucket?.upTo ?? max, max);
  };
  return { count, p50: quantile(0.5), p99: quantile(0.99), max, buckets };
};
