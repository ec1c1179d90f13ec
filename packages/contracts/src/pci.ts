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
}

/** A host bridge takes all functions of its machine, in the order of the spec: devices 1, 2, 3… of bus 0. */
export const PciFunctionToken: Token<PciFunction> = defineManyToken('vivarium/pci-function', 1);
