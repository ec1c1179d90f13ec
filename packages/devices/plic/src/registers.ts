/** Memory map of the PLIC (RISC-V PLIC specification 1.0.0, chapter 3). Every register is 32 bits wide. */

/** Priority of source n at `PRIORITY_BASE + 4 * n`. */
export const PRIORITY_BASE = 0x00_0000;
/** Pending bits, 32 sources a word. */
export const PENDING_BASE = 0x00_1000;
/** Enable bits of context c at `ENABLE_BASE + ENABLE_STRIDE * c`, 32 sources a word. */
export const ENABLE_BASE = 0x00_2000;
export const ENABLE_STRIDE = 0x80;
/** Threshold of context c at `CONTEXT_BASE + CONTEXT_STRIDE * c`. */
export const CONTEXT_BASE = 0x20_0000;
export const CONTEXT_STRIDE = 0x1000;
/** Offsets within a context. */
export const THRESHOLD = 0x0;
export const CLAIM_COMPLETE = 0x4;

/** Source 0 does not exist. */
export const MAX_SOURCES = 1023;
/** As many as QEMU's virt machine leaves room for; two a hart. */
export const MAX_CONTEXTS = 1024;
/** Bits of a priority: seven levels, and 0 for never. */
export const PRIORITY_MASK = 7;
export const REGION_LENGTH = CONTEXT_BASE + MAX_CONTEXTS * CONTEXT_STRIDE;
