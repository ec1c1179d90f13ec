/**
 * The default scheduler: earliest eligible virtual deadline first. Every vCPU gets its weight's share of the pool, never
 * more than a slice ahead or behind, and a short slice buys latency without buying share.
 *
 * Specification: I. Stoica, H. Abdel-Wahab, "Earliest Eligible Virtual Deadline First: A Flexible and Accurate Mechanism
 * for Proportional Share Resource Allocation" (1995). Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { Eevdf } from '@vivarium/scheduler-eevdf';
 *
 * const scheduler = new Eevdf();
 * scheduler.addPcpu(0, 0);
 * scheduler.add(1, { domain: 'database', weight: 512 }, 0);
 * scheduler.wake(1, 0); // 0, the pCPU that should pick
 * scheduler.pick(0, 0); // { kind: 'run', vcpu: 1, slice: 2_800_000 }
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, SchedulerToken } from '@vivarium/contracts';
import { Eevdf } from './eevdf.ts';

/** The plugin. It takes no options: slices are parameters of vCPUs. */
export const eevdf = definePlugin({
  name: '@vivarium/scheduler-eevdf',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'proportional shares with bounded lag (earliest eligible virtual deadline first)',
  provides: [SchedulerToken],
  setup: () => ({ provides: [bind(SchedulerToken, { name: 'eevdf', create: () => new Eevdf() })] }),
});

export default eevdf;
export { Eevdf } from './eevdf.ts';
export { DEFAULT_SLICE } from './eevdf-vcpu.ts';
