import type { InterruptPool, PartSpec } from '@vivarium/contracts';
import type { Deadlines } from './deadline.ts';
import { orderByDependency } from './dependency-order.ts';
import { errors } from './errors.ts';
import { checkGrants, type GrantPolicy } from './grant-policy.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { parseOptions } from './plugin-options.ts';
import { type LoadPlugin, loadPlugins } from './plugin-source.ts';
import { type CheckedPart, type Resolution, resolveRequirements } from './requirements.ts';

/** What every part of a machine has to pass, whenever it comes. */
export interface PartRules {
  readonly policy: GrantPolicy;
  readonly deadlines: Deadlines;
  readonly load: LoadPlugin;
}

/** Parts that can be built, and how. */
export interface Arrangement extends Resolution {
  /** In the order in which they were given. */
  readonly parts: readonly CheckedPart[];
  /** Their ids in dependency order. */
  readonly order: readonly string[];
}

/**
 * Does everything with `parts` that can be done before one of them is built, given those that are `present` already.
 * Throws coded errors.
 */
export const arrange = async (
  parts: readonly PartSpec[],
  { policy, deadlines, load }: PartRules,
  pool: InterruptPool | undefined,
  present: readonly CheckedPart[] = [],
): Promise<Arrangement> => {
  const plugins = await loadPlugins(parts, load, deadlines.setup);
  const manifests = parts.map((part, index) => readManifest(part.id, plugins[index]));
  checkNames([
    ...present.map(({ plugin, manifest }) => ({ plugin, manifest })),
    ...manifests.map((manifest, index) => ({ plugin: plugins[index], manifest })),
  ]);
  const checked: CheckedPart[] = [];
  for (const [index, spec] of parts.entries()) {
    const manifest = manifests[index];
    if (manifest === undefined) continue;
    const options = await parseOptions(spec.id, manifest, spec.options, deadlines.setup);
    checked.push({ spec, plugin: plugins[index], manifest, options });
  }
  for (const part of checked) checkGrants(part.spec.id, part.manifest, policy);
  const { links, dependencies } = resolveRequirements(checked, pool, present);
  const ids = parts.map(({ id }) => id);
  // What is there already is ready.
  const among = dependencies.filter(({ to }) => ids.includes(to));
  const { order, cycle } = orderByDependency(ids, among);
  if (cycle !== undefined) {
    const steps = cycle.map(({ to, why }) => `→ "${to}" (${why})`);
    throw errors.make(
      'VIV_REQUIREMENT_CYCLE',
      `these parts require each other: "${cycle[0]?.from}" ${steps.join(' ')}`,
      { details: { cycle: cycle.map(({ from }) => from) } },
    );
  }
  return { parts: checked, order, links, dependencies };
};

/** Grants are given by name, so one name must be one plugin. */
const checkNames = (parts: readonly { readonly plugin: unknown; readonly manifest: Manifest }[]): void => {
  const known = new Map<string, { readonly plugin: unknown; readonly manifest: Manifest }>();
  for (const part of parts) {
    const { name, version } = part.manifest;
    const first = known.get(name);
    if (first === undefined) known.set(name, part);
    else if (first.plugin !== part.plugin) {
      const versions = `${first.manifest.version} and ${version}`;
      throw errors.make('VIV_PLUGIN_DUPLICATE', `two different plugins are named ${name} (versions ${versions})`, {
        details: { plugin: name },
      });
    }
  }
};
