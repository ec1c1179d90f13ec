import type { PartSpec } from '@vivarium/contracts';
import { EXPIRED, within } from './deadline.ts';
import { errors } from './errors.ts';
import { isRecord, quote } from './spec.ts';

/** Loads the module that a specifier names. */
export type LoadPlugin = (specifier: string) => Promise<unknown>;

/** What an app that loads nothing has. */
export const refuseSpecifiers: LoadPlugin = async (specifier) => {
  throw errors.make('VIV_PLUGIN_SPECIFIER', `plugin ${quote(specifier)} is named by specifier`, {
    details: { specifier },
  });
};

/**
 * The plugin of each part as yet unchecked, in the order of the spec; a specifier that several parts name is loaded
 * once. Throws `VIV_PLUGIN_LOAD`, or what the loader throws when that is coded.
 */
export const loadPlugins = async (
  parts: readonly PartSpec[],
  load: LoadPlugin,
  deadline: number,
): Promise<readonly unknown[]> => {
  const loaded = new Map<string, unknown>();
  const plugins: unknown[] = [];
  for (const { id, plugin } of parts) {
    if (typeof plugin !== 'string') {
      plugins.push(plugin);
      continue;
    }
    if (!loaded.has(plugin)) loaded.set(plugin, await loadPlugin(id, plugin, load, deadline));
    plugins.push(loaded.get(plugin));
  }
  return plugins;
};

const loadPlugin = async (part: string, specifier: string, load: LoadPlugin, deadline: number): Promise<unknown> => {
  const refuse = (problem: string, cause?: unknown) =>
    errors.make('VIV_PLUGIN_LOAD', `plugin ${quote(specifier)} of part "${part}" ${problem}`, {
      cause,
      details: { part, specifier },
    });
  let module: unknown;
  try {
    module = await within(deadline, () => load(specifier));
  } catch (error) {
    if (error instanceof Error && error.name === 'VivariumError') throw error;
    throw refuse(`could not be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (module === EXPIRED) throw refuse(`was not loaded within ${deadline} ms`);
  const plugin = isRecord(module) ? (module['default'] ?? module['plugin']) : undefined;
  if (plugin === undefined || plugin === null) throw refuse('was loaded, but exports no `default` and no `plugin`');
  return plugin;
};
