import type { MachineDescription, MachineRecipe } from '@vivarium/host';
import type { ExecConsoles } from './machine-record.ts';

/** What a template makes of its options. */
export interface Templated {
  readonly recipe: MachineRecipe;
  /** Files and folders that the machine writes to; absolute. */
  readonly writable?: readonly string[];
  readonly onReboot?: 'reset' | 'stop';
  /** Bounds for its cell, where whoever asks gives none. */
  readonly limits?: MachineDescription['limits'];
  /** It runs on pCPUs by weight and cap. Default true; false for machines whose vCPUs have threads of their own. */
  readonly scheduled?: boolean;
  /** Consoles of an agent that runs commands, as that of @vivarium/guest-debian does. */
  readonly exec?: ExecConsoles;
  /** Console by which its guest asks for operations: {@link GuestChannel}. Whether it may is its owner's to say. */
  readonly port?: string;
}

/**
 * Makes recipes of what callers say. Callers never name modules themselves, since those are code: they name a template.
 * `options` are whatever the caller sent: check them, and throw coded errors.
 */
export type Template = (options: unknown, context: { readonly name: string }) => Templated | Promise<Templated>;
