import type { InterruptLine } from './interrupt.ts';
import type { MmioRegion } from './device.ts';
import { defineManyToken, type Token } from './token.ts';

/** A window that a function wants in the address space of its bus (PCI Local Bus 3.0, section 6.2.5). */
export interface PciBar {
  /** 0 to 5. */
  readonly index: number;
  readonly kind: 'memory' | 'io';
  /** Its length is a power of two: of memory at least 16, of I/O at least 4. */
  readonly region: MmioRegion;
}

/** What a function is given when it is plugged in. */
export interface PciAttachment {
  /** Its INTA# after the swizzle of the bus. */
  readonly interrupt: InterruptLine;
  /** A message-signalled interrupt: a write of 32 bits by the function. */
  message(address: bigint, data: number): void;
}

/** A window of a function, and where in it an address is. */
export interface PciTarget {
  readonly region: MmioRegion;
  readonly at: number;
}

/** What a bridge passes on to the buses behind it, as it is set now. */
export interface PciBridge {
  /** The function that answers for device `device` of bus `bus`; undefined when that bus is not behind it, or nobody does. */
  function(bus: number, device: number): PciFunction | undefined;
  /** What decodes `width` bytes at an address; undefined when the bridge does not pass that on, or nobody does. */
  target(kind: PciBar['kind'], address: number, width: number): PciTarget | undefined;
}

/**
 * A function on a PCI bus. The host bridge decodes: it calls `config` with offsets of configuration space and the
 * regions of BARs with offsets into them, aligned, and never throws at a guest.
 */
export interface PciFunction {
  readonly bars: readonly PciBar[];
  /** `width` bytes at `offset` (0 to 4095, aligned) of configuration space. */
  readConfig(offset: number, width: 1 | 2 | 4): number;
  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void;
  /** Where BAR `index` is in the address space of its kind, or undefined while it is not decoded. */
  barBase(index: number): number | undefined;
  attach(attachment: PciAttachment): void;
  reset(): void;
  /** Present when the function is a bridge. */
  readonly bridge?: PciBridge;
}

/** A host bridge takes all functions of its machine, in the order of the spec: devices 1, 2, 3… of bus 0. */
export const PciFunctionToken: Token<PciFunction> = defineManyToken('vivarium/pci-function', 1);

/** A slot that takes one function while the machine runs, and gives it back. For host code between two instructions. */
export interface PciSlot {
  readonly occupied: boolean;
  /** The guest has let go of the function: the power of the slot is off. */
  readonly released: boolean;
  /**
   * Puts a function in, and returns what takes it out again, whether the guest has let go of it or not: from then on it is
   * reset, reads of it are all ones, and it reaches nothing. Throws when there is one already.
   */
  plug(subject: PciFunction): () => void;
  /** Asks the guest to let go of the function. */
  requestRelease(): void;
  /** Calls `listener` when the guest has let go of a function. Returns its removal. */
  onRelease(listener: () => void): () => void;
}

/** Hot-plug slots of a machine, in the order of the spec. */
export const PciSlotToken: Token<PciSlot> = defineManyToken('vivarium/pci-slot', 1);
