import type { HelperIndices } from './arithmetic.ts';
import type { AccessFrame } from './memory-access.ts';
import type { Operands } from './operands.ts';

/** What the statements of a cold row are emitted with. */
export interface ColdFrame extends AccessFrame {
  readonly operands: Operands;
  /** Local with the address of the slot. */
  readonly slot: number;
  readonly helpers: HelperIndices;
  readonly sharedMemory: boolean;
}
