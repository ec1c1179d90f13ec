/** The flattened format, version 17: Devicetree Specification 0.4, chapter 5. All fields are big-endian. */

export const FDT_MAGIC = 0xd00dfeed;
export const FDT_VERSION = 17;
/** Readers of version 16 understand what this writer makes (section 5.2, `last_comp_version`). */
export const FDT_LAST_COMPATIBLE_VERSION = 16;

/** Byte offsets of `struct fdt_header` (section 5.2). */
export const HEADER = {
  magic: 0,
  totalsize: 4,
  off_dt_struct: 8,
  off_dt_strings: 12,
  off_mem_rsvmap: 16,
  version: 20,
  last_comp_version: 24,
  boot_cpuid_phys: 28,
  size_dt_strings: 32,
  size_dt_struct: 36,
  length: 40,
} as const;

/** Tokens of the structure block (section 5.4.1). */
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;

/** Bytes of one entry of the memory reservation block (section 5.3.2). */
export const RESERVATION_LENGTH = 16;

/** Linux refuses deeper trees (`FDT_MAX_DEPTH`). */
export const MAXIMUM_DEPTH = 64;
/** What Linux maps before it has page tables of its own on RISC-V. */
export const MAXIMUM_SIZE = 2 * 1024 * 1024;
/**
 * Section 2.2 asks for at most 31 characters, which published bindings (and dtc) exceed; this bound only keeps the
 * cost of hostile names linear.
 */
export const MAXIMUM_NAME = 255;

/** A range of memory that the guest must leave alone (section 5.3). */
export interface MemoryReservation {
  readonly address: bigint;
  readonly size: bigint;
}
