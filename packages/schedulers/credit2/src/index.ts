/**
 * The credit scheduler, version 2, with the rules of Xen's: credit burns faster the less a vCPU weighs, whoever has most
 * runs, and when that is none everybody gets new credit. Good for throughput with similar weights; its grain shows where
 * weights are far apart.
 *
 * Specification: the design of Xen's credit2, https://wiki.xenproject.org/wiki/Credit2_Scheduler_Development.
 * Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { credit2 } from '@vivarium/scheduler-credit2';
 *
 * const part = { id: 'credit2', plugin: credit2, options: { rateLimit: 500_000 } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, SchedulerToken } from '@vivarium/contracts';
import * as z from 'zod';
import { Credit2 } from './credit2.ts';

/** Options of the scheduler. */
export const credit2Options = z
  .strictObject({
    /** Nanoseconds a vCPU runs before one with more credit may take its place; 0.1 ms to 10 ms. */
    rateLimit: z.int().min(100_000).max(10_000_000).default(1_000_000),
    /** pCPUs that share a run queue. */
    pcpusPerQueue: z.int().min(1).max(64).default(16),
  })
  .prefault({});

/** The plugin. */
export const credit2 = definePlugin<z.infer<typeof credit2Options>>({
  name: '@vivarium/scheduler-credit2',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'weights by burnt credit, caps by budget',
  provides: [SchedulerToken],
  options: credit2Options,
  setup: ({ options }) => ({
    provides: [bind(SchedulerToken, { name: 'credit2', create: () => new Credit2(options) })],
  }),
});

export default credit2;
export { Credit2, type Credit2Settings } from './credit2.ts';
