import type { DeviceTreeNode } from './device-tree.ts';
import type { StateCodec } from './state.ts';
import { defineManyToken, type Token } from './token.ts';

/** Width of a register access in bytes. 64-bit accesses reach `read64`/`write64`, or are split low half first. */
export type AccessWidth = 1 | 2 | 4;

/**
 * One window of device registers. Offsets are relative to the region; `0 <= offset`, `offset + width <= length`, and
 * `offset` is a multiple of `width`: the bus refuses anything else before the device sees it. Values are unsigned.
 * These calls come from the guest and never throw; a read of nothing gives 0 or what the datasheet says.
 */
export interface MmioRegion {
  /** Name within the device, for example `registers`; the machine's spec gives each name an address. */
  readonly name: string;
  /** Bytes, a positive integer. */
  readonly length: number;
  read(offset: number, width: AccessWidth): number;
  write(offset: number, width: AccessWidth, value: number): void;
  /** Present when the device has 64-bit registers that must not tear. */
  read64?(offset: number): bigint;
  write64?(offset: number, value: bigint): void;
}

/** A device on the system bus: registers, interrupt lines, reset, and what the device tree says of it. */
export interface Device {
  readonly regions: readonly MmioRegion[];
  /** Names of its interrupt lines in the order of the device tree's `interrupts`; lines come through the grant. */
  readonly interrupts?: readonly string[];
  /** Back to the state after power-on. */
  reset(): void;
  /** Absent: the guest must find the device in another way. The board adds `reg` and `interrupts`. */
  readonly deviceTree?: DeviceTreeNode;
  /** Absent: a machine with this device cannot be snapshotted, and says so. */
  readonly state?: StateCodec;
}

export const DeviceToken: Token<Device> = defineManyToken('vivarium/device', 1);
