import { type Alias, aliases } from './aliases.ts';
import { expandWith, findCompressed } from './compressed.ts';
import {
  type CompressedOperand,
  type CompressedRow,
  compressedImmediate,
  compressedRegister,
} from './compressed-row.ts';
import { extractField } from './encoding.ts';
import { formats, type Operand } from './format.ts';
import { immediateOf } from './immediate.ts';
import type { InstructionRow } from './instruction-row.ts';
import { instructions } from './instructions.ts';
import { hexadecimal, operandText, targetText } from './operand-text.ts';
import { floatRegisterNames, integerRegisterNames } from './registers.ts';

export interface DisassembleOptions {
  /** False: the instruction itself with all operands, compressed ones as `c.…`. Default true: pseudo-instructions. */
  readonly aliases?: boolean;
}

const ROUNDING_MODE = (word: number): number => (word >>> 12) & 7;

const findRow = (word: number): InstructionRow | undefined => {
  const fits = (row: InstructionRow): boolean =>
    (word & row.mask) >>> 0 === row.match &&
    !(row.hasRoundingMode && (ROUNDING_MODE(word) === 5 || ROUNDING_MODE(word) === 6));
  const general = instructions.find((row) => row.specializes === undefined && fits(row));
  return instructions.find((row) => row.specializes !== undefined && fits(row)) ?? general;
};

const orderingSuffix = (row: InstructionRow, word: number): string => {
  if (row.format !== 'amo' && row.format !== 'load-reserved') return '';
  return ['', '.rl', '.aq', '.aqrl'][(word >>> 25) & 3] ?? '';
};

const aliasFits = (alias: Alias, row: InstructionRow, word: number): boolean => {
  if (!alias.printed || alias.instruction !== row.name) return false;
  const rs1 = extractField(row.layout, word, 'rs1');
  if (alias.repeatsSource && rs1 !== extractField(row.layout, word, 'rs2')) return false;
  return Object.entries(alias.fixed).every(
    ([name, value]) =>
      value ===
      (name === 'imm' ? immediateOf(formats[row.format].immediate, word) : extractField(row.layout, word, name)),
  );
};

const join = (name: string, operands: readonly (string | undefined)[]): string => {
  const texts = operands.filter((text) => text !== undefined);
  return texts.length === 0 ? name : `${name} ${texts.join(',')}`;
};

const disassembleWord = (word: number, pc: bigint, useAliases: boolean): string => {
  const row = findRow(word);
  if (row === undefined) return `.word ${hexadecimal(word >>> 0)}`;
  const texts = (operands: readonly Operand[]) => operands.map((operand) => operandText(row, operand, word, pc));
  const alias = useAliases ? aliases.find((candidate) => aliasFits(candidate, row, word)) : undefined;
  if (alias !== undefined) return join(alias.name, texts(alias.operands));
  return join(row.name + orderingSuffix(row, word), texts(row.operands));
};

const compressedText = (row: CompressedRow, operand: CompressedOperand, half: number, pc: bigint): string => {
  const immediate = compressedImmediate(row, half);
  switch (operand) {
    case 'sp':
      return 'sp';
    case 'imm':
      return String(immediate);
    case 'shamt':
      return hexadecimal(immediate);
    case 'upper':
      return hexadecimal((immediate >> 12) & 0xfffff);
    case 'target':
      return targetText(pc, immediate);
    case 'imm(sp)':
      return `${immediate}(sp)`;
    case "imm(rs1')":
      return `${immediate}(${integerRegisterNames[compressedRegister(row, half, "rs1'")]})`;
    default: {
      const float = operand.startsWith('f');
      const number = compressedRegister(row, half, float ? operand.slice(1) : operand);
      return (float ? floatRegisterNames : integerRegisterNames)[number] ?? '';
    }
  }
};

const disassembleHalf = (half: number, pc: bigint, useAliases: boolean): string => {
  const row = findCompressed(half);
  if (row === undefined) return half === 0 ? (useAliases ? 'unimp' : 'c.unimp') : `.half ${hexadecimal(half)}`;
  const texts = () => row.operands.map((operand) => compressedText(row, operand, half, pc));
  if (!useAliases) return join(row.name, texts());
  // c.mv stands for an add, which is not what a reader would write.
  if (row.name === 'c.mv') return join('mv', texts());
  return disassembleWord(expandWith(row, half), pc, true);
};

/**
 * One instruction as text, in the spelling of binutils: `addi sp,sp,-16`. Branch targets are absolute, in hexadecimal.
 * What is no instruction becomes `.word` or `.half`.
 *
 * @param encoding - A 32-bit word, signed or unsigned, or a 16-bit one: the two low bits tell which.
 * @param pc - Its address, 0 when absent.
 */
export const disassemble = (encoding: number, pc: bigint | number = 0n, options: DisassembleOptions = {}): string => {
  const useAliases = options.aliases ?? true;
  return (encoding & 3) === 3
    ? disassembleWord(encoding, BigInt(pc), useAliases)
    : disassembleHalf(encoding & 0xffff, BigInt(pc), useAliases);
};
