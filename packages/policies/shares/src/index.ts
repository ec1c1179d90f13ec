/**
 * Who gets how much of a host: shares, reservations and limits of CPU and memory. Admission refuses a guest whose
 * reservations do not fit, and says what is short; CPU that is reserved and not used is lent out; memory is taken first
 * from whoever has most of it for its shares, with a tax on what it does not use.
 *
 * Specification: C. Waldspurger, "Memory Resource Management in VMware ESX Server" (OSDI 2002). Contract:
 * `ResourcePolicy` in `@vivarium/contracts`.
 *
 * @example
 * import { createShares } from '@vivarium/policy-shares';
 *
 * const policy = createShares({ idleTax: 0.75 });
 * const claims = (guest: string) => ({
 *   guest, vcpus: 2,
 *   cpu: { shares: 1000, reservation: 500 },
 *   memory: { shares: 1000, size: 2 ** 30 },
 * });
 * const idle = { claims: claims('idle'), held: 2 ** 29, active: 0 };
 * const busy = { claims: claims('busy'), held: 2 ** 29, active: 1 };
 * policy.revokeMemory(2 ** 28, [idle, busy]); // [2 ** 28, 0]
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, type ResourcePolicy, ResourcePolicyToken } from '@vivarium/contracts';
import * as z from 'zod';
import { admit } from './admission.ts';
import { divideCpu } from './division.ts';
import { minimumFree, StateWatch } from './memory-watch.ts';
import { revokeMemory } from './revocation.ts';

/** An idle page costs as much as four that are used. */
const DEFAULT_TAX = 0.75;

/** Options of the policy. */
export const sharesOptions = z
  .strictObject({
    /** The part of a page that is taxed away while its guest does not use it: 0 is no tax, below 1. */
    idleTax: z.number().min(0).max(0.99).default(DEFAULT_TAX),
    /** Bytes that a host keeps free; default by its size, see {@link minimumFree}. */
    minimumFree: z.int().min(0).optional(),
  })
  .prefault({});

/** Makes the policy. */
export const createShares = (options: z.input<typeof sharesOptions> = {}): ResourcePolicy => ({
  name: 'shares',
  admit,
  divideCpu,
  revokeMemory: (bytes, uses) => revokeMemory(bytes, uses, options.idleTax ?? DEFAULT_TAX),
  mayShare: (one, other) => one.guest === other.guest || (one.salt !== undefined && one.salt === other.salt),
  watchMemory: ({ memory }) => new StateWatch(options.minimumFree ?? minimumFree(memory)),
});

/** The plugin. */
export const shares = definePlugin<z.infer<typeof sharesOptions>>({
  name: '@vivarium/policy-shares',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'shares, reservations and limits of CPU and memory',
  provides: [ResourcePolicyToken],
  options: sharesOptions,
  setup: ({ options }) => ({ provides: [bind(ResourcePolicyToken, createShares(options))] }),
});

export default shares;
export { errorTable } from './errors.ts';
export { minimumFree } from './memory-watch.ts';
export { idleCost, pagePrice } from './revocation.ts';
