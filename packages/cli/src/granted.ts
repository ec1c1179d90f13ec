import { defaultPolicy, type GrantPolicy } from '@vivarium/kernel';
import type { RunRequest } from './command-line.ts';

/** The part behind `--net`. */
const TRANSLATOR = '@vivarium/net-nat';

/** What parts may touch: what is usual, and the host's network for the part that `--net` asked for, or somebody may yet. */
export const grantedTo = ({ networks, slots }: RunRequest): GrantPolicy => ({
  ...defaultPolicy,
  allows: (plugin, grant) =>
    defaultPolicy.allows(plugin, grant) ||
    ((slots > 0 || networks.some(({ kind }) => kind === 'user')) && plugin === TRANSLATOR && grant === 'host-network'),
});
