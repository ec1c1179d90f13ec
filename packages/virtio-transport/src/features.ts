/** Feature bits of the transport and the rings (Virtual I/O Device 1.3, section 6), as masks. */
export const RING_INDIRECT_DESC = 1n << 28n;
export const RING_EVENT_IDX = 1n << 29n;
export const VERSION_1 = 1n << 32n;
export const RING_PACKED = 1n << 34n;
export const IN_ORDER = 1n << 35n;

/** Bits 24 to 49 belong to transports and rings; a device offers only the others (section 2.2). */
export const DEVICE_FEATURES = 0xffff_ffff_ffff_ffffn & ~(((1n << 26n) - 1n) << 24n);

/** Which ring features a transport offers. */
export interface RingFeatures {
  /** Descriptors in a table of their own. Default true. */
  readonly indirect?: boolean;
  /** Notifications by index instead of by flag. Default true. */
  readonly eventIndex?: boolean;
  /** Packed rings beside split ones. Default false: drivers choose them whenever they are offered. */
  readonly packed?: boolean;
  /** Buffers come back in the order in which they were made available. Default false. */
  readonly inOrder?: boolean;
}

export const ringFeatures = ({ indirect = true, eventIndex = true, packed = false, inOrder = false }: RingFeatures) =>
  VERSION_1 |
  (indirect ? RING_INDIRECT_DESC : 0n) |
  (eventIndex ? RING_EVENT_IDX : 0n) |
  (packed ? RING_PACKED : 0n) |
  (inOrder ? IN_ORDER : 0n);
