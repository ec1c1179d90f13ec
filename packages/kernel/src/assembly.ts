import type { MachineSpec } from '@vivarium/contracts';
import { construct } from './construction.ts';
import { chooseDeadlines, type Hook } from './deadline.ts';
import { defaultPolicy, type GrantPolicy } from './grant-policy.ts';
import type { Machine } from './machine.ts';
import { arrange } from './part-checks.ts';
import { type LoadPlugin, refuseSpecifiers } from './plugin-source.ts';
import { parseSpec } from './spec.ts';

/** How a machine is assembled. */
export interface AssembleOptions {
  /** What plugins may be granted. Default: guest-memory, interrupts, timers to all; host-files and host-network to none. */
  readonly policy?: GrantPolicy;
  /** Milliseconds for each hook. Defaults: setup 30000, every other hook 5000. */
  readonly deadlines?: Partial<Record<Hook, number>>;
  /** Loads a plugin named by specifier; without it, specifiers are refused. The module exports `default` or `plugin`. */
  readonly load?: LoadPlugin;
}

/**
 * Builds a machine from its spec. Everything that can be checked is, before the first plugin runs; a failure after
 * that takes down what was built, in reverse. Throws coded errors, see `errorTable`.
 */
export const assemble = async (spec: MachineSpec, options: AssembleOptions = {}): Promise<Machine> => {
  const deadlines = chooseDeadlines(options.deadlines);
  const policy = options.policy ?? defaultPolicy;
  const parsed = parseSpec(spec);
  const rules = { policy, deadlines, load: options.load ?? refuseSpecifiers };
  const arrangement = await arrange(parsed.parts, rules, parsed.interruptPool);
  return construct({ spec: parsed, arrangement, rules, hostRoots: [...(policy.hostRoots ?? [])] });
};
