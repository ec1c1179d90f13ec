import type { AnyPlugin } from './plugin.ts';

/** One part of a machine as data. */
export interface PartSpec {
  /** Unique within the machine: letters, digits, `-`, `_`, `.`; at most 64 characters. */
  readonly id: string;
  /** The plugin, or a module specifier that exports one as `default` or `plugin`. */
  readonly plugin: AnyPlugin | string;
  /** Parsed by the plugin's schema. */
  readonly options?: unknown;
  /**
   * Guest-physical base of each of the device's regions by name. A region that is not named here is placed in the
   * machine's {@link MachineSpec.mmioWindow}; without a window every region of a device must be named.
   */
  readonly regions?: Readonly<Record<string, number>>;
  /**
   * Where each interrupt of the device goes: part id of a controller, and its line. An interrupt that the device names
   * and that is missing here gets a line of {@link MachineSpec.interruptPool}; without a pool it goes nowhere.
   */
  readonly interrupts?: Readonly<Record<string, { readonly controller: string; readonly line: number }>>;
  /** Which part serves a requirement when several could: token name → part id. */
  readonly use?: Readonly<Record<string, string>>;
}

/**
 * A hole in the guest-physical address space for regions that no part spec places. They are placed in the order of
 * the spec's parts, then of the device's regions; each takes the next address that is a multiple of its length
 * rounded up to a power of two, at least `align`, and overlaps no region that the spec places itself. Assembly
 * refuses a machine of which the regions do not fit.
 */
export interface MmioWindow {
  /** Guest-physical, a multiple of `align`. */
  readonly base: number;
  /** Bytes. */
  readonly length: number;
  /** Smallest distance between two placed regions in bytes: a power of two, at least 4096. */
  readonly align: number;
}

/**
 * Lines of one interrupt controller for device interrupts that no part spec wires. They are given out in the order of
 * the spec's parts, then of the device's interrupts, skipping lines that the spec wires itself; one line to one
 * interrupt. Assembly refuses a machine that needs more.
 */
export interface InterruptPool {
  /** Part id of the controller. */
  readonly controller: string;
  readonly lines: readonly number[];
}

/** A machine as data: what boards and presets return, what an app hands to the kernel. */
export interface MachineSpec {
  /** For people and logs. */
  readonly name: string;
  readonly parts: readonly PartSpec[];
  /** Where regions without an address go: for devices whose regions are known only once they are set up. */
  readonly mmioWindow?: MmioWindow;
  /** Which lines interrupts without a wire get. */
  readonly interruptPool?: InterruptPool;
}
