import { aliases } from '../aliases.ts';
import { compressedInstructions } from '../compressed.ts';
import { type CompressedOperand, type CompressedRow, isAllowed } from '../compressed-row.ts';
import { insertField } from '../encoding.ts';
import { errors } from '../errors.ts';
import type { Operand } from '../format.ts';
import type { InstructionRow } from '../instruction-row.ts';
import { instructions } from '../instructions.ts';
import {
  floatRegisterOf,
  immediateBits,
  integerRegisterOf,
  type OperandContext,
  operandBits,
  resembles,
  splitAddress,
  upperValue,
} from './operand.ts';

/** One way to write an instruction. */
interface Syntax {
  readonly row: InstructionRow;
  readonly operands: readonly Operand[];
  /** The word before operands are filled in. */
  readonly word: number;
  readonly repeatsSource: boolean;
}

export interface InstructionEncoder {
  /** Whether some instruction or one-instruction alias goes by this name. */
  knows(mnemonic: string): boolean;
  /** The encoding, unsigned: 16 bits for `c.…`, otherwise 32. Throws coded errors without line numbers. */
  encode(mnemonic: string, operands: readonly string[], context: OperandContext): number;
}

const ORDERINGS: Readonly<Record<string, number>> = { '': 0, '.aqrl': 3, '.aq': 2, '.rl': 1 };
const ORDERING_SUFFIX = /^((?:amo|lr|sc).*\.[wd])(\.aqrl|\.aq|\.rl)$/;
const ORDERING_POSITION = 2 ** 25;

/** 16-bit mnemonics that are one encoding of another instruction, or of none. */
const FIXED_HALVES: ReadonlyMap<string, number> = new Map([
  ['c.nop', 0x0001],
  ['c.unimp', 0x0000],
]);

const isOptional = (operand: Operand | undefined): boolean => operand === 'rm' || operand === 'rm-exact';

const accepts = (syntax: Syntax, operands: readonly string[]): boolean => {
  const count = syntax.operands.length;
  const optional = isOptional(syntax.operands[count - 1]) ? 1 : 0;
  if (operands.length !== count && operands.length !== count - optional) return false;
  return operands.every((text, index) => {
    const operand = syntax.operands[index];
    return operand !== undefined && resembles(operand, text);
  });
};

const buildSyntaxes = (): ReadonlyMap<string, readonly Syntax[]> => {
  const syntaxes = new Map<string, Syntax[]>();
  const put = (name: string, syntax: Syntax): void => {
    const list = syntaxes.get(name);
    if (list === undefined) syntaxes.set(name, [syntax]);
    else list.push(syntax);
  };
  const rows = new Map(instructions.map((row) => [row.name, row]));
  for (const row of instructions) {
    put(row.name, { row, operands: row.operands, word: row.match, repeatsSource: false });
  }
  for (const alias of aliases) {
    const row = rows.get(alias.instruction);
    if (row === undefined) continue;
    const word = Object.entries(alias.fixed).reduce(
      (bits, [name, value]) => bits + insertField(row.layout, name, BigInt(value)),
      row.match,
    );
    put(alias.name, { row, operands: alias.operands, word, repeatsSource: alias.repeatsSource });
  }
  return syntaxes;
};

const compressedBits = (
  row: CompressedRow,
  operand: CompressedOperand,
  text: string,
  context: OperandContext,
): number => {
  const signed = !row.immediateName.includes('u');
  const immediate = (value: bigint): number => immediateBits(row.layout, row.immediateName, value, signed);
  const register = (field: string, number: number): number => {
    if (!field.endsWith("'")) return insertField(row.layout, field, BigInt(number));
    if (number < 8 || number > 15) {
      throw errors.make('VIV_ASSEMBLER_RANGE', `'${text}' is not one of the registers 8 to 15`);
    }
    return insertField(row.layout, field, BigInt(number - 8));
  };
  switch (operand) {
    case 'sp':
      if (integerRegisterOf(text) !== 2) throw errors.make('VIV_ASSEMBLER_SYNTAX', `this has to be sp, not '${text}'`);
      return 0;
    case 'imm':
    case 'shamt':
      return immediate(context.evaluate(text));
    case 'upper':
      return immediate(upperValue(context.evaluate(text)));
    case 'target':
      return immediate(BigInt.asIntN(64, context.evaluate(text) - context.here));
    case 'imm(sp)':
    case "imm(rs1')": {
      const [offset, base] = splitAddress(text) ?? [];
      if (offset === undefined || base === undefined) {
        throw errors.make('VIV_ASSEMBLER_SYNTAX', `'${text}' is not an offset before a register in parentheses`);
      }
      const bits = immediate(offset === '' ? 0n : context.evaluate(offset));
      return (
        bits +
        (operand === 'imm(sp)' ? compressedBits(row, 'sp', base, context) : register("rs1'", integerRegisterOf(base)))
      );
    }
    default:
      return operand.startsWith('f')
        ? register(operand.slice(1), floatRegisterOf(text))
        : register(operand, integerRegisterOf(text));
  }
};

const encodeCompressed = (row: CompressedRow, operands: readonly string[], context: OperandContext): number => {
  if (operands.length !== row.operands.length) {
    throw errors.make('VIV_ASSEMBLER_SYNTAX', `${row.name} takes ${row.operands.length} operands`);
  }
  const half = row.operands.reduce(
    (bits, operand, index) => bits + compressedBits(row, operand, operands[index] ?? '', context),
    row.match,
  );
  if (!isAllowed(row, half)) {
    throw errors.make('VIV_ASSEMBLER_RANGE', `${row.name} ${operands.join(',')} is a reserved encoding`);
  }
  return half;
};

/** Builds the tables of mnemonics. */
export const createInstructionEncoder = (): InstructionEncoder => {
  const syntaxes = buildSyntaxes();
  const compressed = new Map(compressedInstructions.map((row) => [row.name, row]));

  const encodeWord = (mnemonic: string, operands: readonly string[], context: OperandContext): number => {
    const [, plain = mnemonic, suffix = ''] = ORDERING_SUFFIX.exec(mnemonic) ?? [];
    const candidates = syntaxes.get(plain) ?? [];
    if (candidates.length === 0) throw errors.make('VIV_ASSEMBLER_UNKNOWN', `there is no instruction '${mnemonic}'`);
    // The only syntax explains best what is wrong with its operands.
    const syntax =
      candidates.length === 1 ? candidates[0] : candidates.find((candidate) => accepts(candidate, operands));
    const count = syntax?.operands.length ?? 0;
    if (syntax === undefined || operands.length > count) {
      throw errors.make('VIV_ASSEMBLER_SYNTAX', `operands '${operands.join(', ')}' do not fit ${mnemonic}`);
    }
    let word = syntax.word + (ORDERINGS[suffix] ?? 0) * ORDERING_POSITION;
    syntax.operands.forEach((operand, index) => {
      word += operandBits(syntax.row.layout, operand, operands[index], context);
      if (operand === 'frs1' && syntax.repeatsSource) {
        word += operandBits(syntax.row.layout, 'frs2', operands[index], context);
      }
    });
    return word;
  };

  return {
    knows: (mnemonic) =>
      FIXED_HALVES.has(mnemonic) ||
      compressed.has(mnemonic) ||
      syntaxes.has(ORDERING_SUFFIX.exec(mnemonic)?.[1] ?? mnemonic),
    encode: (mnemonic, operands, context) => {
      const fixed = FIXED_HALVES.get(mnemonic);
      if (fixed !== undefined && operands.length === 0) return fixed;
      const row = compressed.get(mnemonic);
      return row === undefined ? encodeWord(mnemonic, operands, context) : encodeCompressed(row, operands, context);
    },
  };
};
