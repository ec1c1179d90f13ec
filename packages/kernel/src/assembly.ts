import type { MachineSpec } from '@vivarium/contracts';
import { construct } from './construction.ts';
import { chooseDeadlines, type Hook } from './deadline.ts';
import { orderByDependency } from './dependency-order.ts';
import { errors } from './errors.ts';
import { checkGrants, defaultPolicy, type GrantPolicy } from './grant-policy.ts';
import type { Machine } from './machine.ts';
import { readManifest } from './manifest.ts';
import { parseOptions } from './plugin-options.ts';
import { type LoadPlugin, loadPlugins, refuseSpecifiers } from './plugin-source.ts';
import { type CheckedPart, resolveRequirements } from './requirements.ts';
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
  const plugins = await loadPlugins(parsed, options.load ?? refuseSpecifiers, deadlines.setup);
  const manifests = parsed.parts.map((part, index) => readManifest(part.id, plugins[index]));
  checkNames(plugins, manifests);
  const parts: CheckedPart[] = [];
  for (const [index, part] of parsed.parts.entries()) {
    const manifest = manifests[index];
    if (manifest === undefined) continue;
    parts.push({
      spec: part,
      manifest,
      options: await parseOptions(part.id, manifest, part.options, deadlines.setup),
    });
  }
  for (const part of parts) checkGrants(part.spec.id, part.manifest, policy);
  const { links, dependencies } = resolveRequirements(parts, parsed.interruptPool);
  const ids = parts.map((part) => part.spec.id);
  const { order, cycle } = orderByDependency(ids, dependencies);
  if (cycle !== undefined) {
    const steps = cycle.map(({ to, why }) => `→ "${to}" (${why})`);
    throw errors.make(
      'VIV_REQUIREMENT_CYCLE',
      `these parts require each other: "${cycle[0]?.from}" ${steps.join(' ')}`,
      { details: { cycle: cycle.map(({ from }) => from) } },
    );
  }
  return construct({ spec: parsed, parts, order, links, deadlines, hostRoots: [...(policy.hostRoots ?? [])] });
};

/** Grants are given by name, so one name must be one plugin. */
const checkNames = (plugins: readonly unknown[], manifests: readonly { name: string; version: string }[]): void => {
  const known = new Map<string, number>();
  for (const [index, { name, version }] of manifests.entries()) {
    const first = known.get(name);
    if (first === undefined) known.set(name, index);
    else if (plugins[first] !== plugins[index]) {
      const versions = `${manifests[first]?.version} and ${version}`;
      throw errors.make('VIV_PLUGIN_DUPLICATE', `two different plugins are named ${name} (versions ${versions})`, {
        details: { plugin: name },
      });
    }
  }
};
