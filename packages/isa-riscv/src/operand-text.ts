import { csrNames } from './csr.ts';
import { extractField } from './encoding.ts';
import { formats, type Operand } from './format.ts';
import { immediateOf } from './immediate.ts';
import type { InstructionRow } from './instruction-row.ts';
import { floatConstants, floatRegisterNames, integerRegisterNames, roundingModeNames } from './registers.ts';

const DYNAMIC = 7;
const NEAREST = 0;

const FENCE_LETTERS = ['i', 'o', 'r', 'w'];
const fenceSet = (bits: number): string =>
  bits === 0 ? '0' : FENCE_LETTERS.filter((_, index) => ((bits >> (3 - index)) & 1) === 1).join('');

export const hexadecimal = (value: number | bigint): string => `0x${value.toString(16)}`;

/** A target as the 64-bit address it is. */
export const targetText = (pc: bigint, offset: number): string => hexadecimal(BigInt.asUintN(64, pc + BigInt(offset)));

/** One operand of a 32-bit instruction; undefined when the assembler's default is the right value. */
export const operandText = (row: InstructionRow, operand: Operand, word: number, pc: bigint): string | undefined => {
  const field = (name: string): number => extractField(row.layout, word, name);
  const immediate = immediateOf(formats[row.format].immediate, word);
  switch (operand) {
    case 'rd':
    case 'rs1':
    case 'rs2':
      return integerRegisterNames[field(operand)];
    case 'frd':
    case 'frs1':
    case 'frs2':
    case 'frs3':
      return floatRegisterNames[field(operand.slice(1))];
    case 'imm':
      return String(immediate);
    case 'imm(rs1)':
      return `${immediate}(${integerRegisterNames[field('rs1')]})`;
    case '(rs1)':
      return `(${integerRegisterNames[field('rs1')]})`;
    case 'target':
      return targetText(pc, immediate);
    case 'upper':
      return hexadecimal(immediate >>> 12);
    case 'shamt':
      return hexadecimal(immediate);
    case 'csr':
      return csrNames.get(immediate) ?? hexadecimal(immediate);
    case 'uimm':
      return String(field('uimm'));
    case 'pred':
    case 'succ':
      return fenceSet(field(operand));
    case 'rm':
      return field('rm') === DYNAMIC ? undefined : roundingModeNames[field('rm')];
    case 'rm-exact':
      return field('rm') === NEAREST ? undefined : roundingModeNames[field('rm')];
    case 'rtz':
      return 'rtz';
    case 'constant':
      return floatConstants[field('constant')];
  }
};
