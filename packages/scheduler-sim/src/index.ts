/**
 * Schedulers over virtual time: a discrete-event simulation that is exact to the nanosecond and the same for the same
 * seed, workloads, and the ideal machine that shares are measured against. A million decisions take seconds.
 *
 * Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import type { Scheduler } from '@vivarium/contracts';
 * import { alwaysRunnable, interactive, Simulation } from '@vivarium/scheduler-sim';
 *
 * export const shares = (scheduler: Scheduler) => {
 *   const simulation = new Simulation({ scheduler, pcpus: [0, 1], seed: 7 });
 *   simulation.spawn(1, { domain: 'batch', weight: 100 }, alwaysRunnable());
 *   simulation.spawn(2, { domain: 'batch', weight: 300 }, alwaysRunnable());
 *   simulation.spawn(3, { domain: 'editor' }, interactive(200_000, 20_000_000));
 *   simulation.runUntil(10_000_000_000);
 *   return simulation.report().vcpus.map(({ share, mostLag }) => ({ share, mostLag }));
 * };
 *
 * @module
 */
export { errorTable } from './errors.ts';
export { Ideal, idealRates } from './ideal.ts';
export { Random } from './random.ts';
export type { SimulationReport, VcpuReport } from './report.ts';
export { type Driven, Simulation, type SimulationOptions } from './simulation.ts';
export { type Run, Trace } from './trace.ts';
export { SpinLock, type Step, type Workload, type WorkloadContext } from './workload.ts';
export {
  alwaysRunnable,
  bursty,
  interactive,
  type LockTimes,
  lockHolders,
  periodic,
  tickEvasion,
} from './workloads.ts';
