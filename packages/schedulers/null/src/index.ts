/**
 * A hard partition: one vCPU on one pCPU, for as long as it lives. Nothing is scheduled, so a neighbour takes nothing
 * away and no decision takes time. For guests that must not be disturbed, and for measuring what the others cost.
 *
 * Specification: the rules of Xen's null scheduler, https://xenbits.xen.org/docs/unstable/misc/xen-command-line.html
 * (sched). Contract: `Scheduler` in `@vivarium/contracts`.
 *
 * @example
 * import { Null } from '@vivarium/scheduler-null';
 *
 * const scheduler = new Null();
 * scheduler.addPcpu(3, 0);
 * scheduler.add(1, { domain: 'router' }, 0);
 * scheduler.wake(1, 0); // 3
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, SchedulerToken } from '@vivarium/contracts';
import { Null } from './null.ts';

/** The plugin. It takes no options. */
export const nullScheduler = definePlugin({
  name: '@vivarium/scheduler-null',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'hard partition: one vCPU on one pCPU',
  provides: [SchedulerToken],
  setup: () => ({ provides: [bind(SchedulerToken, { name: 'null', create: () => new Null() })] }),
});

export default nullScheduler;
export { Null } from './null.ts';
