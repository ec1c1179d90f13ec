/**
 * Time partitions by a fixed table, with the rules of Xen's ARINC 653 scheduler: up to 64 windows that repeat in a major
 * frame. A window belongs to a partition whether it has something to do or not, so no neighbour can be noticed. Partitions
 * may have several vCPUs, which run at once on the pCPUs of the pool and take turns when they are more.
 *
 * Specification: ARINC 653 part 1, section 2.3.1 (partition scheduling), and
 * https://wiki.xenproject.org/wiki/ARINC653_Scheduler. Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { arinc653 } from '@vivarium/scheduler-arinc653';
 *
 * const part = {
 *   id: 'arinc653',
 *   plugin: arinc653,
 *   options: {
 *     majorFrame: 25_000_000,
 *     windows: [
 *       { domain: 'flight', duration: 10_000_000 },
 *       { duration: 1_000_000 },
 *       { domain: 'cabin', duration: 5_000_000 },
 *     ],
 *   },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, SchedulerToken } from '@vivarium/contracts';
import type * as z from 'zod';
import { Arinc653 } from './arinc653.ts';
import { arinc653Options } from './table-options.ts';

/** The plugin. */
export const arinc653 = definePlugin<z.infer<typeof arinc653Options>>({
  name: '@vivarium/scheduler-arinc653',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'time partitions by a fixed table of windows',
  provides: [SchedulerToken],
  options: arinc653Options,
  setup: ({ options }) => ({
    provides: [bind(SchedulerToken, { name: 'arinc653', create: () => new Arinc653(options) })],
  }),
});

export default arinc653;
export { Arinc653, type Arinc653Settings } from './arinc653.ts';
export { errorTable } from './errors.ts';
export { MOST_WINDOWS, type TableOptions, type Window } from './schedule-table.ts';
export { arinc653Options } from './table-options.ts';
