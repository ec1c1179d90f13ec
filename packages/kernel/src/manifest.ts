import { type AnyToken, CONTRACTS_MAJOR, type Grant, type Requirement, type Schema } from '@vivarium/contracts';
import type { Part, SetupContext } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { isPrototypeKey, isRecord, quote } from './spec.ts';

const MAX_LIST = 64;
const MAX_SUMMARY = 1024;
/** npm's limit on the length of a package name. */
const MAX_NAME = 214;
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const TOKEN_NAME = /^[A-Za-z0-9@._~/-]{1,128}$/;
const MAX_VERSION = 128;
/** Semantic Versioning 2.0.0, clauses 2, 9 and 10. */
const VERSION =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const GRANTS: ReadonlySet<unknown> = new Set<Grant>([
  'guest-memory',
  'interrupts',
  'timers',
  'host-files',
  'host-network',
]);

/** A plugin's manifest after every field was read once and checked. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly provides: readonly AnyToken[];
  readonly requires: readonly Requirement[];
  readonly grants: readonly Grant[];
  readonly options: Schema<unknown> | undefined;
  readonly setup: (context: SetupContext<unknown>) => Part | Promise<Part>;
}

/** Checks the manifest of the plugin of part `part`. Throws `VIV_PLUGIN_MANIFEST` and `VIV_PLUGIN_API`. */
export const readManifest = (part: string, plugin: unknown): Manifest => {
  const refuse = (problem: string, cause?: unknown) =>
    errors.make('VIV_PLUGIN_MANIFEST', `plugin of part "${part}": ${problem}`, { cause, details: { part } });

  const list = (field: string, value: unknown): readonly unknown[] => {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw refuse(`${field} must be a list`);
    if (value.length > MAX_LIST) throw refuse(`${field} has ${value.length} entries; the limit is ${MAX_LIST}`);
    return value;
  };

  const token = (field: string, value: unknown): AnyToken => {
    if (!isRecord(value)) throw refuse(`${field} must be a token`);
    const { id, name, major, arity } = value;
    if (typeof name !== 'string' || !TOKEN_NAME.test(name)) throw refuse(`${field} has the bad name ${quote(name)}`);
    if (typeof major !== 'number' || !Number.isSafeInteger(major) || major < 1 || id !== `${name}@${major}`) {
      throw refuse(`${field} (${name}) must have a positive whole major, and the id <name>@<major>`);
    }
    if (arity !== 'one' && arity !== 'many') throw refuse(`${field} (${name}) must have the arity one or many`);
    return { id, name, major, arity };
  };

  const requirement = (field: string, value: unknown): Requirement => {
    if (!isRecord(value) || !('token' in value)) return { token: token(field, value), mode: 'one' };
    const { mode } = value;
    if (mode !== 'one' && mode !== 'optional' && mode !== 'all') {
      throw refuse(`${field} must have the mode one, optional or all`);
    }
    return { token: token(field, value['token']), mode };
  };

  const once = (field: string, ids: readonly string[]): void => {
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw refuse(`${field} lists ${twice} twice`);
  };

  const read = (): Manifest => {
    if (!isRecord(plugin)) throw refuse(`it is ${quote(plugin)}, not a plugin`);
    const bad = Object.keys(plugin).find(isPrototypeKey);
    if (bad !== undefined) throw refuse(`it has the key ${quote(bad)}`);
    const { name, version, api, summary, options, setup } = plugin;
    if (typeof name !== 'string' || name.length > MAX_NAME || !PACKAGE_NAME.test(name)) {
      throw refuse(`its name ${quote(name)} is not an npm package name`);
    }
    if (typeof version !== 'string' || version.length > MAX_VERSION || !VERSION.test(version)) {
      throw refuse(`(${name}) its version ${quote(version)} is not a semantic version`);
    }
    if (api !== CONTRACTS_MAJOR) {
      const built = typeof api === 'number' ? `${api}` : quote(api);
      throw errors.make(
        'VIV_PLUGIN_API',
        `plugin ${name}@${version} of part "${part}" was built for contracts major ${built}; this kernel has ${CONTRACTS_MAJOR}`,
        { details: { part, plugin: name, version, kernel: CONTRACTS_MAJOR } },
      );
    }
    if (summary !== undefined && (typeof summary !== 'string' || summary.length > MAX_SUMMARY)) {
      throw refuse(`(${name}) its summary must be a text of at most ${MAX_SUMMARY} characters`);
    }
    const provides = list('provides', plugin['provides']).map((entry, i) => token(`provides[${i}]`, entry));
    const requires = list('requires', plugin['requires']).map((entry, i) => requirement(`requires[${i}]`, entry));
    const grants = list('grants', plugin['grants']);
    once(
      'provides',
      provides.map(({ id }) => id),
    );
    once(
      'requires',
      requires.map((need) => need.token.id),
    );
    const unknownGrant = grants.find((grant) => !GRANTS.has(grant));
    if (unknownGrant !== undefined) throw refuse(`(${name}) it asks for the unknown grant ${quote(unknownGrant)}`);
    once('grants', grants as readonly Grant[]);
    if (options !== undefined) {
      const standard: unknown =
        isRecord(options) || typeof options === 'function' ? Reflect.get(options, '~standard') : undefined;
      if (!isRecord(standard) || standard['version'] !== 1 || typeof standard['validate'] !== 'function') {
        throw refuse(`(${name}) its options must be a Standard Schema, version 1`);
      }
    }
    if (typeof setup !== 'function') throw refuse(`(${name}) setup must be a function`);
    return {
      name,
      version,
      provides,
      requires,
      grants: [...(grants as readonly Grant[])],
      options: options as Schema<unknown> | undefined,
      setup: (context) => (setup as Manifest['setup']).call(plugin, context),
    };
  };

  try {
    return read();
  } catch (error) {
    // Getters and proxies are a stranger's code, too.
    if (error instanceof Error && error.name === 'VivariumError') throw error;
    throw refuse('reading its manifest failed', error);
  }
};
