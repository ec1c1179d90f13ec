import type { InstructionRow } from './instruction-row.ts';
import { additionalFloatRows } from './rows/additional-float.ts';
import { atomicRows } from './rows/atomic.ts';
import { baseRows } from './rows/base.ts';
import { bitManipulationRows } from './rows/bit-manipulation.ts';
import { cacheRows } from './rows/cache.ts';
import { conditionalRows } from './rows/conditional.ts';
import { doubleRows } from './rows/double.ts';
import { halfRows } from './rows/half.ts';
import { multiplyRows } from './rows/multiply.ts';
import { singleRows } from './rows/single.ts';
import { systemRows } from './rows/system.ts';

/** Every 32-bit instruction. A row's place in this list is its number for decoders; it may change between versions. */
export const instructions: readonly InstructionRow[] = [
  ...baseRows,
  ...systemRows,
  ...multiplyRows,
  ...atomicRows,
  ...singleRows,
  ...doubleRows,
  ...halfRows,
  ...additionalFloatRows,
  ...bitManipulationRows,
  ...conditionalRows,
  ...cacheRows,
];
