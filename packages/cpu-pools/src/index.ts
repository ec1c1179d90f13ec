/**
 * Disjoint sets of pCPUs, each with a scheduler of its own. pCPUs and guests move from one pool to another, and a pool
 * gets another scheduler, while guests run.
 *
 * Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import type { SchedulerFactory } from '@vivarium/contracts';
 * import { CpuPools } from '@vivarium/cpu-pools';
 *
 * export const partitioned = (shares: SchedulerFactory, realTime: SchedulerFactory): CpuPools => {
 *   const pools = new CpuPools(shares);
 *   for (const pcpu of [0, 1, 2, 3]) pools.addPcpu(pcpu, 0);
 *   pools.createPool('control', realTime);
 *   pools.movePcpu(3, 'control', 0);
 *   pools.moveDomain('robot', 'control', 0);
 *   return pools;
 * };
 *
 * @module
 */
export { CpuPools, type PoolReport } from './cpu-pools.ts';
export { errorTable } from './errors.ts';
