import { defineErrors } from '@vivarium/contracts';

/** Coded errors of this package. */
export const errors = defineErrors({
  VIV_ISA_ENCODING: {
    when: 'A row of an instruction table has an encoding text that does not describe an instruction word.',
    hint: 'Write the encoding most significant bit first, with known fields, adding up to 16 or 32 bits.',
  },
  VIV_ASSEMBLER_SYNTAX: {
    when: 'A line of assembler source cannot be read.',
    hint: 'Check the operands of the line against the syntax of the instruction or directive.',
  },
  VIV_ASSEMBLER_UNKNOWN: {
    when: 'A line of assembler source names an instruction, directive, register or CSR that does not exist here.',
    hint: 'Check the spelling; only the extensions of the instruction table are known.',
  },
  VIV_ASSEMBLER_SYMBOL: {
    when: 'A symbol is used but not defined, or defined twice.',
    hint: 'Define each label once; refer to numeric labels with a direction, as in 1b or 1f.',
  },
  VIV_ASSEMBLER_RANGE: {
    when: 'A value does not fit the field it is meant for.',
    hint: 'Use a smaller value, an aligned one, or a longer sequence of instructions.',
  },
  VIV_ASSEMBLER_TOO_LARGE: {
    when: 'The assembled bytes are more than the assembler makes.',
    hint: 'Assemble less at a time; .space, .align and .org count too.',
  },
});

/** When each coded error of this package happens, and what to do. */
export const errorTable = errors.table;
