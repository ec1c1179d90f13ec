import { csrNumbers } from '../csr.ts';
import { type Encoding, insertField } from '../encoding.ts';
import { errors } from '../errors.ts';
import type { Operand } from '../format.ts';
import { floatConstants, floatRegister, integerRegister, roundingModeNames } from '../registers.ts';

/** What an operand's value may depend on. */
export interface OperandContext {
  /** Address of the instruction. */
  readonly here: bigint;
  evaluate(text: string): bigint;
}

const BASE_REGISTER = /^(.*)\(\s*([a-z]\w*)\s*\)$/s;

/** `8(sp)` → ['8', 'sp']; undefined when `text` does not end in a register in parentheses. */
export const splitAddress = (text: string): readonly [offset: string, register: string] | undefined => {
  const match = BASE_REGISTER.exec(text);
  return match === null || integerRegister(match[2] ?? '') === -1
    ? undefined
    : [match[1]?.trim() ?? '', match[2] ?? ''];
};

/** Whether `text` looks like this operand, to choose among the syntaxes of one mnemonic. */
export const resembles = (operand: Operand, text: string): boolean => {
  switch (operand) {
    case 'rd':
    case 'rs1':
    case 'rs2':
      return integerRegister(text) !== -1;
    case 'imm(rs1)':
    case '(rs1)':
      return splitAddress(text) !== undefined;
    default:
      return true;
  }
};

export const integerRegisterOf = (text: string): number => {
  const number = integerRegister(text);
  if (number === -1) throw errors.make('VIV_ASSEMBLER_UNKNOWN', `'${text}' is not an integer register`);
  return number;
};
export const floatRegisterOf = (text: string): number => {
  const number = floatRegister(text);
  if (number === -1) throw errors.make('VIV_ASSEMBLER_UNKNOWN', `'${text}' is not a floating-point register`);
  return number;
};

/** Bits of an immediate that has to be representable: in range, and with zeros where the encoding has no bits. */
export const immediateBits = (layout: Encoding, name: string, value: bigint, signed: boolean): number => {
  const bits = layout.fields.flatMap((field) => (field.name === name ? field.bits : []));
  const high = BigInt(Math.max(...bits));
  const unit = 1n << BigInt(Math.min(...bits));
  const [minimum, maximum] = signed ? [-(1n << high), (1n << high) - unit] : [0n, (2n << high) - unit];
  if (value < minimum || value > maximum || value % unit !== 0n) {
    const multiple = unit === 1n ? '' : `, a multiple of ${unit}`;
    throw errors.make('VIV_ASSEMBLER_RANGE', `${value} is not within ${minimum}…${maximum}${multiple}`);
  }
  return insertField(layout, name, value);
};

const UPPER_LIMIT = 1n << 20n;

/** The 20-bit number of lui and auipc as the immediate it makes. */
export const upperValue = (value: bigint): bigint => {
  if (value < 0n || value >= UPPER_LIMIT) {
    throw errors.make('VIV_ASSEMBLER_RANGE', `${value} is not a 20-bit unsigned number`);
  }
  return BigInt.asIntN(32, value << 12n);
};

const fenceSet = (text: string): bigint => {
  if (text !== '0' && !/^[iorw]*$/.test(text)) {
    throw errors.make('VIV_ASSEMBLER_SYNTAX', `'${text}' is not a set of the letters iorw`);
  }
  return ['i', 'o', 'r', 'w'].reduce((bits, letter) => (bits << 1n) | (text.includes(letter) ? 1n : 0n), 0n);
};

const roundingMode = (text: string): bigint => {
  const mode = roundingModeNames.indexOf(text);
  if (mode === -1 || text === '') throw errors.make('VIV_ASSEMBLER_UNKNOWN', `'${text}' is not a rounding mode`);
  return BigInt(mode);
};

/** Smallest normal number, infinity and NaN go by name; other constants by value, in any spelling. */
const constantNumber = (text: string): bigint => {
  const number = floatConstants.findIndex((constant) =>
    /^[a-z]/.test(constant) ? constant === text : text !== '' && Number(constant) === Number(text),
  );
  if (number === -1) throw errors.make('VIV_ASSEMBLER_RANGE', `'${text}' is not one of the constants of fli`);
  return BigInt(number);
};

/** The bits that `text` puts into an instruction word; undefined stands for an operand that was left out. */
export const operandBits = (
  layout: Encoding,
  operand: Operand,
  text: string | undefined,
  context: OperandContext,
): number => {
  const insert = (name: string, value: number): number => insertField(layout, name, BigInt(value));
  if (operand === 'rm') return insertField(layout, 'rm', roundingMode(text ?? 'dyn'));
  if (operand === 'rm-exact') return insertField(layout, 'rm', roundingMode(text ?? 'rne'));
  if (text === undefined) throw errors.make('VIV_ASSEMBLER_SYNTAX', `operand '${operand}' is missing`);
  switch (operand) {
    case 'rd':
    case 'rs1':
    case 'rs2':
      return insert(operand, integerRegisterOf(text));
    case 'frd':
    case 'frs1':
    case 'frs2':
    case 'frs3':
      return insert(operand.slice(1), floatRegisterOf(text));
    case 'imm':
      return immediateBits(layout, 'imm', context.evaluate(text), true);
    case 'imm(rs1)':
    case '(rs1)': {
      const [offset, register] = splitAddress(text) ?? [];
      if (offset === undefined || register === undefined) {
        throw errors.make('VIV_ASSEMBLER_SYNTAX', `'${text}' is not an offset before a register in parentheses`);
      }
      const base = insert('rs1', integerRegisterOf(register));
      const value = offset === '' ? 0n : context.evaluate(offset);
      if (operand === 'imm(rs1)') return base + immediateBits(layout, 'imm', value, true);
      if (value !== 0n) throw errors.make('VIV_ASSEMBLER_RANGE', `this address has no offset, not ${value}`);
      return base;
    }
    case 'target':
      return immediateBits(layout, 'imm', BigInt.asIntN(64, context.evaluate(text) - context.here), true);
    case 'upper':
      return insertField(layout, 'imm', upperValue(context.evaluate(text)));
    case 'csr':
      return immediateBits(layout, 'csr', BigInt(csrNumbers.get(text) ?? context.evaluate(text)), false);
    case 'shamt':
    case 'uimm':
      return immediateBits(layout, operand, context.evaluate(text), false);
    case 'pred':
    case 'succ':
      return insertField(layout, operand, fenceSet(text));
    case 'rtz':
      if (text !== 'rtz') throw errors.make('VIV_ASSEMBLER_SYNTAX', `the rounding mode has to be rtz, not '${text}'`);
      return 0;
    case 'constant':
      return insertField(layout, 'constant', constantNumber(text));
  }
};
