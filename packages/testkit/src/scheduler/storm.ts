import type { VcpuParameters } from '@vivarium/contracts';
import type { Random } from '../random.ts';
import type { StrictHost } from './strict-host.ts';

const MOST_VCPUS = 8;
const MOST_PCPUS = 4;

/** Parameters within their ranges; affinities may name pCPUs that are not there. */
const anyParameters = (random: Random): Omit<VcpuParameters, 'domain'> => {
  const some = (): boolean => random(3) === 0;
  const period = 10_000 * (1 + random(5000));
  return {
    ...(some() ? { weight: 1 + random(10_000) } : {}),
    ...(some() ? { cap: random(5) * 300 } : {}),
    ...(some() ? { slice: 100_000 + random(30_000_000) } : {}),
    ...(some()
      ? { reservation: { period, budget: 10_000 + random(period - 10_000 + 1), extra: random(2) === 0 } }
      : {}),
    ...(some() ? { affinity: Array.from({ length: random(3) }, () => random(MOST_PCPUS + 2)) } : {}),
    ...(some() ? { gang: random(2) === 0 } : {}),
  };
};

/** What leaves room for everybody. */
const MODEST = {
  weight: 256,
  slice: 1_000_000,
  affinity: [],
  cap: 0,
  reservation: { budget: 1_000_000, period: 20_000_000 },
};

/** Durations that are impossible for a run. */
const IMPOSSIBLE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0.5, 1e300];

/** Of the calls. */
export interface StormOptions {
  readonly domains: readonly string[];
  readonly calls: number;
  /** All parameters leave room for everybody, and nothing is changed. */
  readonly modest: boolean;
}

/** Calls in any order: what a host may do, what guests make it do, and races between them. */
export const storm = (host: StrictHost, random: Random, { domains, calls, modest }: StormOptions): void => {
  const anyVcpu = (): number => random(MOST_VCPUS + 1);
  const anyPcpu = (): number => random(MOST_PCPUS + 1);
  const acts: readonly (() => void)[] = [
    () => {
      const id = anyVcpu();
      const domain = domains[random(domains.length)] ?? '';
      if (id < MOST_VCPUS && !host.vcpus.has(id))
        host.add(id, { domain, ...(modest ? MODEST : anyParameters(random)) });
    },
    () => (random(4) === 0 ? host.remove(anyVcpu()) : undefined),
    () => {
      const id = anyVcpu();
      if (host.vcpus.has(id) && !modest) host.change(id, anyParameters(random));
    },
    () => {
      const id = anyPcpu();
      if (id < MOST_PCPUS && !host.pcpus.has(id)) host.addPcpu(id);
      else if (random(4) === 0) host.removePcpu(id);
    },
    () => void host.wake(anyVcpu()),
    () => void host.wake(anyVcpu()),
    () => host.sleep(anyVcpu()),
    () => host.yield(anyVcpu(), random(2) === 0 ? undefined : anyVcpu()),
    () => host.account(anyVcpu(), random(2) === 0 ? random(1_000_000) : (IMPOSSIBLE[random(IMPOSSIBLE.length)] ?? 0)),
    () => void host.pick(anyPcpu(), random(2) === 0 ? Number.POSITIVE_INFINITY : random(2_000_000)),
    () => host.drive(host.now + random(3_000_000)),
  ];
  for (let step = 0; step < calls; step += 1) {
    if (random(3) === 0) host.now += random(500_000);
    acts[random(acts.length)]?.();
    if (random(8) === 0) host.checkStats();
  }
};

/** Afterwards: at least one pCPU, nobody favoured, pinned or capped, everybody awake. */
export const calm = (host: StrictHost, { domains, modest }: StormOptions, shares: boolean): void => {
  if (host.pcpus.size === 0) host.addPcpu(0);
  if (host.vcpus.size === 0) host.add(0, { domain: domains[0] ?? '', ...MODEST });
  if (!shares) for (const id of [...host.vcpus.keys()].slice(host.pcpus.size)) host.remove(id);
  for (const [id, vcpu] of host.vcpus) {
    if (!modest) host.change(id, MODEST);
    host.wake(id);
    vcpu.starts = vcpu.pcpu === undefined ? 0 : 1;
  }
};
