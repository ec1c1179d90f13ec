/** An interrupt file's page (RISC-V Advanced Interrupt Architecture 1.0, section 3.5). Registers are 32 bits wide. */
export const PAGE = 0x1000;
export const SETEIPNUM_LE = 0x000;
export const SETEIPNUM_BE = 0x004;

/** Registers that `*iselect` selects (section 3.8), as a hart of 32 bits numbers them. */
export const EIDELIVERY = 0x70;
export const EITHRESHOLD = 0x72;
export const EIP0 = 0x80;
export const EIP63 = 0xbf;
export const EIE0 = 0xc0;
export const EIE63 = 0xff;

/** Identities of a file: one less than a multiple of 64 (section 3.1). */
export const MIN_IDENTITIES = 63;
export const MAX_IDENTITIES = 2047;
