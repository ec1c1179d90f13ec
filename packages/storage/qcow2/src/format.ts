/**
 * Numbers of the format, in the spelling of QEMU's docs/interop/qcow2.rst
 * (https://www.qemu.org/docs/master/interop/qcow2.html). All of them are big-endian in the file.
 */

/** `QFI\xfb`. */
export const MAGIC = 0x514649fb;

/** Offsets of the header's fields. */
export const HEADER = {
  magic: 0,
  version: 4,
  backing_file_offset: 8,
  backing_file_size: 16,
  cluster_bits: 20,
  size: 24,
  crypt_method: 32,
  l1_size: 36,
  l1_table_offset: 40,
  refcount_table_offset: 48,
  refcount_table_clusters: 56,
  nb_snapshots: 60,
  snapshots_offset: 64,
  incompatible_features: 72,
  compatible_features: 80,
  autoclear_features: 88,
  refcount_order: 96,
  header_length: 100,
  compression_type: 104,
} as const;

/** Length of a header of version 2, and the least of version 3. */
export const HEADER_LENGTH_2 = 72;
export const HEADER_LENGTH_3 = 104;

/** Bits of incompatible_features. */
export const DIRTY = 1;
export const CORRUPT = 2;
export const EXTERNAL_DATA_FILE = 4;
export const COMPRESSION_TYPE = 8;
export const EXTENDED_L2 = 16;

/** Header extensions. */
export const EXTENSION_END = 0;
export const EXTENSION_BACKING_FORMAT = 0xe2792aca;

/** Bits of L1 and L2 entries, in their upper and lower 32 bits. */
export const COPIED_HIGH = 0x8000_0000;
export const COMPRESSED_HIGH = 0x4000_0000;
export const ZERO_LOW = 1;
/** Bits 9 to 55 of an entry are an offset; where they are cut between the halves of the entry. */
export const OFFSET_HIGH = 0x00ff_ffff;
export const OFFSET_LOW = 0xffff_fe00;

/** Bytes of an entry of the L1, L2 and refcount table. */
export const ENTRY = 8;
/** 2^32, by which the upper half of a 64-bit number counts. */
export const UPPER = 2 ** 32;

/** Smallest cluster of the format; the largest is a limit of QEMU that we keep. */
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
export const MAX_REFCOUNT_ORDER = 6;
/** Refcounts of version 2 have 16 bits. */
export const REFCOUNT_ORDER_2 = 4;

/** Limits of QEMU that we keep: they bound the memory that a hostile header can ask for. */
export const MAX_L1_BYTES = 32 * 1024 * 1024;
export const MAX_REFCOUNT_TABLE_BYTES = 8 * 1024 * 1024;
export const MAX_SNAPSHOTS = 65_536;
export const MAX_BACKING_NAME = 1023;
/** Ours: images in one chain. */
export const MAX_CHAIN = 32;
/** Ours: bytes of header and extensions that are looked at. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Places in the file are exact as numbers below this. */
export const MAX_OFFSET = 2 ** 53;
