/**
 * Real-time scheduling with the rules of Xen's RTDS: a budget of CPU in every period, by global EDF over deferrable
 * servers, and optional extra time when nobody with budget wants the pCPU. {@link isSchedulable} says beforehand
 * whether every budget will be there.
 *
 * A budget is promised to a vCPU that wants to run from the start of its period. One that wakes late keeps its whole
 * budget until the period ends, and two of them in a row may delay others (the back-to-back hit of deferrable servers):
 * leave room for that.
 *
 * Specification: S. Xi et al., "Real-Time Multi-Core Virtual Machine Scheduling in Xen" (EMSOFT 2014), and
 * https://wiki.xenproject.org/wiki/RTDS-Based-Scheduler. Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { isSchedulable, Rtds } from '@vivarium/scheduler-rtds';
 *
 * const control = { budget: 2_000_000, period: 5_000_000 };
 * const video = { budget: 10_000_000, period: 33_000_000, extra: true };
 * isSchedulable([control, video], 1); // true
 *
 * const scheduler = new Rtds();
 * scheduler.addPcpu(0, 0);
 * scheduler.add(1, { domain: 'control', reservation: control }, 0);
 * scheduler.add(2, { domain: 'video', reservation: video }, 0);
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, SchedulerToken } from '@vivarium/contracts';
import { Rtds } from './rtds.ts';

/** The plugin. It takes no options: reservations are parameters of vCPUs. */
export const rtds = definePlugin({
  name: '@vivarium/scheduler-rtds',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'a budget in every period (global EDF over deferrable servers)',
  provides: [SchedulerToken],
  setup: () => ({ provides: [bind(SchedulerToken, { name: 'rtds', create: () => new Rtds() })] }),
});

export default rtds;
export { Rtds } from './rtds.ts';
export { DEFAULT_RESERVATION } from './rtds-vcpu.ts';
export { isSchedulable } from './schedulability.ts';
