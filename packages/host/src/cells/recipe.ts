import type { CharPort, MachineSpec, PartSpec } from '@vivarium/contracts';
import type { AssembleOptions, Machine } from '@vivarium/kernel';

/**
 * How to make a machine where it is to run. A machine's spec holds functions, which cross neither threads nor processes;
 * the address of a module and plain data do. Whoever may choose the module runs code in the cell.
 */
export interface MachineRecipe {
  /** Address of the module, absolute: what `import.meta.resolve` gives where the package is known. */
  readonly module: string;
  /** The export that is a {@link MachineMaker}. Default `default`. */
  readonly export?: string | undefined;
  /** Plain JSON for it. */
  readonly options?: unknown;
}

/**
 * How a guest is asked to do its part of a change, where it has an agent for that. Each resolves when the guest says that
 * it has, and rejects when it says that it cannot; `signal` ends the wait.
 */
export interface HardwareAgent {
  /** So many of the machine's vCPUs are to be in use, the first ones. */
  vcpus(machine: Machine, count: number, signal: AbortSignal): Promise<void>;
  /** A device is in a slot. */
  plugged(machine: Machine, slot: string, signal: AbortSignal): Promise<void>;
  /** The device in a slot is about to leave: nothing of the guest may use it any more. */
  release(machine: Machine, slot: string, signal: AbortSignal): Promise<void>;
}

/** A device that joins a machine. */
export interface MachineDevice {
  /** With the one that puts it into the slot: see @vivarium/device-pci-plug. */
  readonly parts: readonly PartSpec[];
  /** Gives back what was opened for it, once its parts are gone. */
  readonly close?: () => void | Promise<void>;
}

/** Where a device is to be: `slot` is the part id of a free hot-plug slot. */
export interface DevicePlace {
  readonly name: string;
  readonly slot: string;
}

/** A machine as a recipe makes it, and what only it knows how to do. */
export interface MachineParts {
  readonly spec: MachineSpec;
  /** What plugins are granted, deadlines. By default specifiers of plugins are imported as they are. */
  readonly assemble?: AssembleOptions;
  /** Called once the machine is assembled, before anything is asked of it. A failure is one of the recipe. */
  readonly ready?: (machine: Machine) => void | Promise<void>;
  /** Asks the guest to power off, by its agent or a button. Without it there is only the plug to pull. */
  readonly powerOff?: (machine: Machine) => void;
  /** Tells the guest the size of a console's terminal where the console's own part cannot. */
  readonly resize?: (machine: Machine, console: string, columns: number, rows: number) => void;
  /** Makes a device of what whoever attaches it has sent: check that. Without it, no devices join the machine. */
  readonly device?: (options: unknown, place: DevicePlace) => MachineDevice | Promise<MachineDevice>;
  /** Without it, guests are believed to see changes of their hardware by themselves. */
  readonly hardware?: HardwareAgent;
  /** Gives back what the recipe opened, once the machine is disposed of. */
  readonly close?: () => void | Promise<void>;
}

/** What a recipe's module exports. `options` are whatever the caller sent: check them. */
export type MachineMaker = (
  options: unknown,
  context: { readonly name: string },
) => MachineSpec | MachineParts | Promise<MachineSpec | MachineParts>;

/** Writes a line to one of the machine's consoles: how recipes of guests with an agent answer `powerOff` and `resize`. */
export const writeLine = (port: CharPort, line: string): void => void port.send(new TextEncoder().encode(`${line}\n`));
