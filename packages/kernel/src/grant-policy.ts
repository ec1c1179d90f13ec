import type { Grant } from '@vivarium/contracts';
import { errors } from './errors.ts';
import type { Manifest } from './manifest.ts';

/** What plugins may be granted in a machine. */
export interface GrantPolicy {
  /** Whether the plugin of that name may have the grant. */
  allows(plugin: string, grant: Grant): boolean;
  /** Absolute paths below which `host-files` reaches; none when absent. */
  readonly hostRoots?: readonly string[];
}

/** Guest memory, interrupts and timers to all plugins; host files and host network to none. */
export const defaultPolicy: GrantPolicy = {
  allows: (_plugin, grant) => grant === 'guest-memory' || grant === 'interrupts' || grant === 'timers',
};

/** Throws `VIV_GRANT_REFUSED` for the first grant in the manifest that the policy does not give. */
export const checkGrants = (part: string, manifest: Manifest, policy: GrantPolicy): void => {
  for (const grant of manifest.grants) {
    let allowed = false;
    let cause: unknown;
    try {
      // An answer that is merely truthy, such as a promise, is no permission.
      const answer: unknown = policy.allows(manifest.name, grant);
      allowed = answer === true;
    } catch (error) {
      cause = error;
    }
    if (allowed) continue;
    throw errors.make('VIV_GRANT_REFUSED', `plugin ${manifest.name} of part "${part}" is not allowed "${grant}"`, {
      cause,
      details: { part, plugin: manifest.name, grant },
    });
  }
};
