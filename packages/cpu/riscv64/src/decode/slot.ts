/**
 * A decoded instruction. Each halfword of a code page has a slot of 8 bytes, so slots follow program order and
 * slot address = slots of the page + (pc & 0xffe) × 4:
 *
 * | byte | what |
 * |---|---|
 * | 0 | operation: one of the marks below, or `FIRST_HOT` + n for the interpreter's hot handlers |
 * | 1, 2, 3 | rd × 8, rs1 × 8, rs2 × 8: byte offsets into a register file |
 * | 4…7 | immediate, i32. Cold operations: low 16 bits immediate (or rs3 × 8 + rm), high 16 bits row number |
 *
 * Branches and `jal` hold their immediate × 4, the distance in slots.
 */
export const SLOT_BYTES = 8;

/** Nothing was decoded here yet, or a store changed it. */
export const UNDECODED = 0;
/** Behind the last slot of a page: go on at the next page. */
export const PAGE_END = 1;
/** Executed from a slot of its own: a 32-bit instruction of which the second half is on the next page, or one at which a debugger stops. */
export const STRADDLE = 2;
/** Does nothing, 16 and 32 bits long. */
export const NOP_16 = 3;
export const NOP_32 = 4;
/** Handled outside the main loop, 16 and 32 bits long. */
export const COLD_16 = 5;
export const COLD_32 = 6;
/** `j .`: a loop that nothing but an interrupt ends. */
export const SELF_JUMP = 7;
/** A translated region can be entered here; the immediate says which (see translate/region.ts). */
export const COMPILED = 8;
export const FIRST_HOT = 9;

/** Slots of one 4 KiB page and the end mark. */
export const PAGE_SLOTS = 2048;
/** Linear memory that a decoded page takes: a multiple of 64. */
export const PAGE_BYTES = PAGE_SLOTS * SLOT_BYTES + 64;
