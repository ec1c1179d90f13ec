/** Bytes of a cache block (Zicbom, Zicboz). */
export const CACHE_BLOCK = 64;

/** menvcfg and senvcfg: what lower privileges may do with cache blocks (Privileged Architecture, section 3.1.18). */
export const ENVCFG_CBIE = 3 << 4;
export const ENVCFG_CBCFE = 1 << 6;
export const ENVCFG_CBZE = 1 << 7;
