import type { EventSink } from './events.ts';
import type { Grant, GrantHandles } from './grants.ts';
import type { Logger } from './logger.ts';
import type { Schema } from './schema.ts';
import type { AnyToken, Binding, Token } from './token.ts';

/** Major version of the contracts in this package. A plugin built for another major is refused. */
export const CONTRACTS_MAJOR = 1;

/** A need of a plugin: `one` must be there, `optional` may be, `all` collects every provider (possibly none). */
export interface Requirement {
  readonly token: AnyToken;
  readonly mode: 'one' | 'optional' | 'all';
}

/** The plugin works without a provider of `token`; `context.maybe(token)` may be undefined. */
export const optional = (token: AnyToken): Requirement => ({ token, mode: 'optional' });

/** The plugin takes every provider of `token`, in the order of the machine's spec. */
export const all = (token: AnyToken): Requirement => ({ token, mode: 'all' });

/**
 * What `setup` returns: what the part offers, and its life-cycle hooks. Every hook is optional, may be async,
 * and has a deadline that the kernel sets. Order: setup → wire → start → (pause → resume | reset)* → stop → dispose;
 * wire, start, resume and reset run in dependency order, pause, stop and dispose in the exact reverse.
 */
export interface Part {
  readonly provides?: readonly Binding[];
  /** Every part of the machine is constructed and the bus is complete; nothing runs yet. */
  wire?(): void | Promise<void>;
  start?(): void | Promise<void>;
  pause?(): void | Promise<void>;
  resume?(): void | Promise<void>;
  /** Back to the state after power-on. Called once before the first start, too. */
  reset?(): void | Promise<void>;
  stop?(): void | Promise<void>;
  /** Gives back everything. Called exactly once, also after a set-up or start that failed half-way. */
  dispose?(): void | Promise<void>;
}

/** What a plugin's `setup` is given. */
export interface SetupContext<Options> {
  /** Id of this part in the machine's spec, for example `uart0`. */
  readonly id: string;
  /** Parsed by the plugin's schema. */
  readonly options: Options;
  /** The one provider of a declared requirement. */
  get<T>(token: Token<T>): T;
  /** The provider of a requirement declared `optional`. */
  maybe<T>(token: Token<T>): T | undefined;
  /** Every provider of a requirement declared `all`. */
  all<T>(token: Token<T>): readonly T[];
  /** Handles for the grants in the manifest, revoked at dispose. */
  readonly grants: GrantHandles;
  readonly log: Logger;
  readonly events: EventSink;
}

/** A plugin's manifest and factory: data only. Importing the module that exports it has no side effect. */
export interface PluginDefinition<Options = unknown> {
  /** The npm package name, for example `@vivarium/device-uart`. */
  readonly name: string;
  /** Semantic version of the package. */
  readonly version: string;
  /** Major of the contracts it was built for: `CONTRACTS_MAJOR`. */
  readonly api: number;
  /** One sentence for `--help` and lists. */
  readonly summary?: string;
  readonly provides?: readonly AnyToken[];
  readonly requires?: readonly (AnyToken | Requirement)[];
  /** What it may touch besides its requirements. */
  readonly grants?: readonly Grant[];
  /** Absent: the plugin takes no options, and any given are refused. */
  readonly options?: Schema<Options>;
  setup(context: SetupContext<Options>): Part | Promise<Part>;
}

/** A plugin whatever its options. */
// oxlint-disable-next-line typescript/no-explicit-any -- options are checked by the plugin's own schema at assembly
export type AnyPlugin = PluginDefinition<any>;

/**
 * Declares a plugin. Returns its argument, typed; nothing is registered anywhere.
 *
 * @example
 * export const thermometer = definePlugin({
 *   name: 'vivarium-thermometer', version: '1.0.0', api: CONTRACTS_MAJOR,
 *   provides: [DeviceToken],
 *   options: z.object({ celsius: z.number().default(21) }),
 *   setup: ({ options }) => ({ provides: [bind(DeviceToken, new Thermometer(options))] }),
 * });
 */
export const definePlugin = <Options = undefined>(definition: PluginDefinition<Options>): PluginDefinition<Options> =>
  definition;
