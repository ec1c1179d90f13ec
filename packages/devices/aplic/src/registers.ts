/**
 * Control region of an interrupt domain (RISC-V Advanced Interrupt Architecture 1.0, section 4.5). Every register is 32
 * bits wide.
 */
export const DOMAINCFG = 0x0000;
/** Source n at `SOURCECFG + 4 * n`; the word of source 0 is domaincfg. */
export const SOURCECFG = 0x0000;
export const SOURCECFG_END = 0x1000;
/** The other registers of message addresses (mmsiaddrcfg, smsiaddrcfg, smsiaddrcfgh, around this one) are zero. */
export const MMSIADDRCFGH = 0x1bc4;
/** Arrays of 32 words of 32 sources each. */
export const SETIP = 0x1c00;
export const IN_CLRIP = 0x1d00;
export const SETIE = 0x1e00;
export const CLRIE = 0x1f00;
export const BITMAP_BYTES = 0x80;
export const SETIPNUM = 0x1cdc;
export const CLRIPNUM = 0x1ddc;
export const SETIENUM = 0x1edc;
export const CLRIENUM = 0x1fdc;
export const SETIPNUM_LE = 0x2000;
export const SETIPNUM_BE = 0x2004;
export const GENMSI = 0x3000;
/** Source n at `TARGET + 4 * n`; the word of source 0 is genmsi. */
export const TARGET = 0x3000;
export const TARGET_END = 0x4000;
/** Interrupt delivery control structures, one for each hart. */
export const IDC = 0x4000;
export const IDC_BYTES = 0x20;
/** Offsets within such a structure. */
export const IDELIVERY = 0x00;
export const IFORCE = 0x04;
export const ITHRESHOLD = 0x08;
export const TOPI = 0x18;
export const CLAIMI = 0x1c;
/** As much as QEMU's virt machine has, which is room for 512 harts. */
export const REGION_LENGTH = 0x8000;
export const MAX_HARTS = (REGION_LENGTH - IDC) / IDC_BYTES;

/** domaincfg: bits 31 to 24 read 0x80 in the right byte order. */
export const DOMAINCFG_FIXED = 0x8000_0000;
export const DOMAINCFG_IE = 1 << 8;
export const DOMAINCFG_DM = 1 << 2;
/** mmsiaddrcfgh: locked. With all else zero, the addresses are fixed in the APLIC (section 4.5.3). */
export const MMSIADDRCFGH_L = 0x8000_0000;

/** sourcecfg */
export const SOURCECFG_D = 1 << 10;
export const SOURCECFG_SM = 7;
/** Source modes. */
export const INACTIVE = 0;
export const DETACHED = 1;
export const EDGE1 = 4;
export const EDGE0 = 5;
export const LEVEL1 = 6;
export const LEVEL0 = 7;

/** target and genmsi */
export const HART_SHIFT = 18;
export const HART_MASK = 0x3fff << HART_SHIFT;
export const IPRIO_MASK = 0xff;
export const EIID_MASK = 0x7ff;
/** Identity in topi and claimi; the priority is in the low bits. */
export const TOPI_IDENTITY_SHIFT = 16;

/** Source 0 does not exist. */
export const MAX_SOURCES = 1023;
