/** Descriptor of a split ring (Virtual I/O Device 1.3, section 2.7.5): address, length, flags, next; 16 bytes. */
export const DESCRIPTOR_SIZE = 16;
export const ADDRESS_LOW = 0;
export const ADDRESS_HIGH = 4;
export const LENGTH = 8;
export const SPLIT_FLAGS = 12;
export const SPLIT_NEXT = 14;
/** Descriptor of a packed ring (section 2.8.13): address, length, id, flags. */
export const PACKED_ID = 12;
export const PACKED_FLAGS = 14;

/** Flags of both. */
export const NEXT = 1;
export const WRITE = 2;
export const INDIRECT = 4;
/** Flags of a packed descriptor (section 2.8.1). */
export const AVAIL = 1 << 7;
export const USED = 1 << 15;

/** What a driver did wrong with a chain of descriptors; for the log. */
export type ChainFault =
  | 'loop'
  | 'index'
  | 'not-ram'
  | 'order'
  | 'length'
  | 'indirect-not-negotiated'
  | 'indirect-nested'
  | 'indirect-table'
  | 'indirect-next';

/** Total length of a chain stays below this (section 2.7.5). */
export const LONGEST_CHAIN = 2 ** 32;
