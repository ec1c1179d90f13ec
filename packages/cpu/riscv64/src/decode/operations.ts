import { type InstructionRow, instructions } from '@vivarium/isa-riscv';
import { FIRST_HOT } from './slot.ts';

/** A handler in the interpreter's main loop: a row, the length of its encoding, and whether rd is x0. */
export interface HotOperation {
  readonly row: number;
  readonly length: 2 | 4;
  /** Jumps that do not link have handlers of their own; other rows with rd = x0 are no-ops or cold. */
  readonly links: boolean;
}

/** Rows that run in the main loop, most of all executed instructions. Everything else is one call away. */
const HOT_BOTH_LENGTHS =
  'lui jal jalr beq bne lw ld sw sd addi addiw slli srli srai andi add sub xor or and addw subw lbu lhu lh sb sh mul';
const HOT_FULL_LENGTH =
  'auipc blt bge bltu bgeu lb lwu slti sltiu xori ori sll slt sltu srl sra slliw srliw sraiw sllw srlw sraw ' +
  'mulw div divu rem remu divw divuw remw remuw mulh mulhu sh1add sh2add sh3add add.uw slli.uw andn zext.h';

/** Numbers the operations; the position is the operation's byte minus `FIRST_HOT`. */
export const hotOperations: readonly HotOperation[] = [
  ...HOT_BOTH_LENGTHS.split(' ').flatMap((name) => [...operationsOf(name, 2), ...operationsOf(name, 4)]),
  ...HOT_FULL_LENGTH.split(' ').flatMap((name) => operationsOf(name, 4)),
];

function operationsOf(name: string, length: 2 | 4): readonly HotOperation[] {
  const row = instructions.findIndex((candidate) => candidate.name === name);
  const jumps = instructions[row]?.semantics.some((statement) => statement.kind === 'jump');
  return jumps
    ? [
        { row, length, links: true },
        { row, length, links: false },
      ]
    : [{ row, length, links: true }];
}

/** True when the row only computes and writes rd, so that with rd = x0 it does nothing. */
export const isPure = (row: InstructionRow): boolean =>
  row.semantics.every((statement) => statement.kind === 'let' || statement.kind === 'set-x');

/** Finds the operation byte of a row, or 0 when it is cold. Index: row × 4 + (32-bit ? 2 : 0) + (links ? 1 : 0). */
export const createOperationIndex = (): Uint8Array => {
  const index = new Uint8Array(instructions.length * 4);
  hotOperations.forEach((operation, position) => {
    index[operation.row * 4 + (operation.length === 4 ? 2 : 0) + (operation.links ? 1 : 0)] = FIRST_HOT + position;
  });
  return index;
};
