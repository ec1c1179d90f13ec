import type { AnyPlugin } from './plugin.ts';

/** One part of a machine as data. */
export interface PartSpec {
  /** Unique within the machine: letters, digits, `-`, `_`, `.`; at most 64 characters. */
  readonly id: string;
  /** The plugin, or a module specifier that exports one as `default` or `plugin`. */
  readonly plugin: AnyPlugin | string;
  /** Parsed by the plugin's schema. */
  readonly options?: unknown;
  /** Guest-physical base of each of the device's regions by name. Every region of a device must be placed. */
  readonly regions?: Readonly<Record<string, number>>;
  /** Where each interrupt of the device goes: part id of a controller, and its line. */
  readonly interrupts?: Readonly<Record<string, { readonly controller: string; readonly line: number }>>;
  /** Which part serves a requirement when several could: token name → part id. */
  readonly use?: Readonly<Record<string, string>>;
}

/** A machine as data: what boards and presets return, what an app hands to the kernel. */
export interface MachineSpec {
  /** For people and logs. */
  readonly name: string;
  readonly parts: readonly PartSpec[];
}
