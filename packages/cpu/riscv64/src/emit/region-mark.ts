import type { WasmType } from '@vivarium/wasm-emit';

/** The immediate of a COMPILED slot: index in the table of regions × 4096 + position of the entry + 1. */
export const POSITION_BITS = 12;
export const POSITION_MASK = (1 << POSITION_BITS) - 1;

/** Type of a region's function: (page address, budget, position of the entry + 1, offset of the hart's state) → status. */
export const REGION_PARAMETERS: readonly WasmType[] = ['i64', 'i32', 'i32', 'i32'];
export const REGION_RESULTS: readonly WasmType[] = ['i32'];
