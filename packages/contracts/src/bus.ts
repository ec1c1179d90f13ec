import type { AccessWidth, Device, MmioRegion } from './device.ts';
import { defineToken, type Token } from './token.ts';

/** Where one region of a device is in the guest-physical address space. */
export interface Placement {
  /** Id of the part in the machine's spec. */
  readonly part: string;
  readonly device: Device;
  readonly region: MmioRegion;
  readonly base: number;
}

/** An interrupt line of a device and where the spec wires it. */
export interface InterruptRoute {
  readonly part: string;
  readonly name: string;
  readonly controller: string;
  readonly line: number;
}

/** What {@link SystemBus.read} returns and {@link SystemBus.write} means when nothing answers there. */
export const BUS_FAULT = -1;

/**
 * The device side of the guest-physical address space. RAM is not on it: cores reach RAM through their MMU.
 * Complete and immutable from `wire` on. No call throws: a device that throws or answers nonsense is reported once
 * against its name and reads as all ones.
 */
export interface SystemBus {
  readonly placements: readonly Placement[];
  readonly interrupts: readonly InterruptRoute[];
  /** An unsigned value, or `BUS_FAULT` when no region holds the whole aligned access. */
  read(address: number, width: AccessWidth): number;
  /** False when no region holds the whole aligned access. */
  write(address: number, width: AccessWidth, value: number): boolean;
  /** 64-bit access; undefined when no region holds it. */
  read64(address: number): bigint | undefined;
  write64(address: number, value: bigint): boolean;
}

export const SystemBusToken: Token<SystemBus> = defineToken('vivarium/system-bus', 1);
