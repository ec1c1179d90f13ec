/** The immediate of a COMPILED slot: index in the table of regions × 4096 + position of the entry + 1. */
export const POSITION_BITS = 12;
export const POSITION_MASK = (1 << POSITION_BITS) - 1;
