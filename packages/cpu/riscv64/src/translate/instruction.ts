import type { InstructionRow } from '@vivarium/isa-riscv';

/** One instruction of a block. */
export interface Instruction {
  /** Byte offset in the page. */
  readonly offset: number;
  readonly length: 2 | 4;
  readonly row: InstructionRow;
  /** The 32-bit encoding; of a compressed instruction the one that it stands for. */
  readonly word: number;
  readonly immediate: number;
}
