/** Memory map of the ACLINT (RISC-V ACLINT specification 1.0-rc4) in the arrangement of SiFive's CLINT (section 1). */

/** MSWI (chapter 3): a 32-bit register for each hart; bit 0 is its `msip`. */
export const MSIP_BASE = 0x0000;
export const MSIP_STRIDE = 4;
/** MTIMER (chapter 2): a 64-bit compare register for each hart, then the one 64-bit time register. */
export const MTIMECMP_BASE = 0x4000;
export const MTIMECMP_STRIDE = 8;
export const MTIME = 0xbff8;
export const CLINT_LENGTH = 0x1_0000;

/** SSWI (chapter 4), a region of its own: writing 1 to bit 0 of a hart's 32-bit register raises its `ssip`. */
export const SETSSIP_STRIDE = 4;
export const SSWI_LENGTH = 0x4000;

export const MAX_HARTS = 4095;
