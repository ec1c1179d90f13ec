/**
 * How a host whose guests have more RAM than there is memory comes by some: by the state that its free memory is in,
 * pages are shared, balloons blown up, pages compressed and swapped, and guests made to wait. Who loses how much, when a
 * state begins and who may share with whom is decided by a `ResourcePolicy`, such as `@vivarium/policy-shares`.
 *
 * Specification: C. Waldspurger, "Memory Resource Management in VMware ESX Server" (OSDI 2002), section 6. Contract:
 * `ReclaimPolicy` in `@vivarium/contracts`.
 *
 * @example
 * import type { ResourcePolicy } from '@vivarium/contracts';
 * import { createReclaim } from '@vivarium/policy-reclaim';
 *
 * declare const resources: ResourcePolicy; // createShares() of `@vivarium/policy-shares`
 *
 * const watch = createReclaim(resources).watch({ cpu: 2000, memory: 2 ** 30 });
 * const { state, guests } = watch.decide({ free: 2 ** 29, guests: [] });
 * console.log(state, guests);
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  definePlugin,
  type ReclaimPolicy,
  ReclaimPolicyToken,
  type ResourcePolicy,
  ResourcePolicyToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { StateReclaim } from './state-reclaim.ts';

/** Options of the policy. */
export const reclaimOptions = z
  .strictObject({
    /** The part of a guest's RAM that its balloon takes at most: beyond it, guests kill their own processes. */
    balloon: z.number().min(0).max(1).default(0.65),
  })
  .prefault({});

/** Makes the policy, above one that says who pays how much. */
export const createReclaim = (
  resources: Pick<ResourcePolicy, 'watchMemory' | 'revokeMemory'>,
  options: z.input<typeof reclaimOptions> = {},
): ReclaimPolicy => {
  const { balloon } = reclaimOptions.parse(options);
  return { name: 'reclaim', watch: (host) => new StateReclaim(resources, host, balloon) };
};

/** The plugin. */
export const reclaim = definePlugin<z.infer<typeof reclaimOptions>>({
  name: '@vivarium/policy-reclaim',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'memory reclaim by states: sharing, ballooning, compression, swap',
  provides: [ReclaimPolicyToken],
  requires: [ResourcePolicyToken],
  options: reclaimOptions,
  setup: (context) => ({
    provides: [bind(ReclaimPolicyToken, createReclaim(context.get(ResourcePolicyToken), context.options))],
  }),
});

export default reclaim;
