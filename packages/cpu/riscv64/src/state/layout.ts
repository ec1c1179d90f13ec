/**
 * Where a hart's state is in linear memory, as byte offsets from the hart's base. Generated code and TypeScript share
 * it, so this table is their only contract. 64-bit values are little-endian, 8-aligned.
 */

/** x0…x31, u64 each; x0 stays 0. */
export const STATE_X = 0;
/** f0…f31, u64 each, NaN-boxed. */
export const STATE_F = 256;
/** u64: the instruction to execute, or being executed while TypeScript is called. */
export const STATE_PC = 512;
/** i32: instructions that the present slice may still attempt. */
export const STATE_BUDGET = 520;
/** u32: accrued exceptions, fflags. */
export const STATE_FFLAGS = 524;
/** u32: dynamic rounding mode, frm. */
export const STATE_FRM = 528;
/** u32: low half of mstatus. */
export const STATE_MSTATUS = 532;
/** u32 each: the TLBs that serve the present regime. */
export const STATE_READ_TLB = 536;
export const STATE_WRITE_TLB = 540;
export const STATE_FETCH_TLB = 544;
/** u32: privilege, 0 user, 1 supervisor, 3 machine. */
export const STATE_PRIVILEGE = 592;
/** u32: not 0 when an enabled interrupt is pending, so that enabling interrupts has to be looked at. */
export const STATE_ATTENTION = 596;
/** i32 each: levels of the interrupt inputs, bits of mip that software set, mie, mideleg. */
export const STATE_INPUTS = 600;
export const STATE_SOFTWARE = 604;
export const STATE_ENABLED = 608;
export const STATE_DELEGATED = 612;
/** u64: stimecmp. */
export const STATE_TIMER = 616;
/** u64: satp. */
export const STATE_SATP = 624;
/** u32 each: miselect, siselect. */
export const STATE_SELECT = 632;
/** u64: exceptions since reset: attempted instructions that did not retire. */
export const STATE_EXCEPTIONS = 672;
/** u64: instructions attempted in translated code, and entries to it from the interpreter; where they are counted. */
export const STATE_TRANSLATED = 680;
export const STATE_REGION_CALLS = 688;
/** u64: what tags of the TLBs carry in their low 12 bits. */
export const STATE_CONTEXT = 584;
/** u64: address of the access that a call to TypeScript is about. */
export const STATE_ADDRESS = 552;
/** u64: value to store, or the value loaded. */
export const STATE_VALUE = 560;
/** u64: address of the load reservation; all ones when there is none. */
export const STATE_RESERVATION = 568;
/** u64: value that was loaded with the reservation. */
export const STATE_RESERVED_VALUE = 576;
/** Two decoded slots and an end mark for an instruction that lies on two pages (see decode/slot.ts). */
export const STATE_STRADDLE = 640;
/** Control and status registers that only hold a value: u64 each, see hart/csr-slots.ts. */
export const STATE_CSR = 704;
/** mcycle and minstret: offset, value while stopped (u64 each), whether it is stopped (i32). */
export const STATE_COUNTERS = 832;
export const COUNTER_BYTES = 24;
/** u64: instructions attempted in finished slices since reset. */
export const STATE_ATTEMPTED = 880;
/** i32: whether the hart runs; see RUN_STOPPED and those that follow. */
export const STATE_RUN = 888;
/** u32 each: read, write and fetch TLB and context of the regimes user, supervisor, supervisor with SUM. */
export const STATE_REGIMES = 1024;
export const REGIME_BYTES = 16;
/** Place of the context in a regime's entry. */
export const REGIME_CONTEXT = 12;
export const STATE_BYTES = 1088;
