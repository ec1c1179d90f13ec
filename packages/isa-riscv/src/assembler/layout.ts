import { errors } from '../errors.ts';
import { SIZE_LIMIT } from './directive.ts';
import { evaluate } from './expression.ts';
import type { InstructionEncoder } from './instruction-encoder.ts';
import { atLine, type Item } from './item.ts';
import type { Definition, Program } from './program.ts';

/** A program at its addresses. */
export interface Layout {
  /** Offset of each item from the start, and the total size last. */
  readonly offsets: readonly number[];
  valueOf(definition: Definition): bigint;
  /** An expression as seen from item `index`. */
  evaluate(text: string, index: number): bigint;
  encode(index: number): number;
}

const UPPER_ROUNDING = 0x800n;
const upper = (value: bigint): bigint => BigInt.asUintN(20, (value + UPPER_ROUNDING) >> 12n);
const lower = (value: bigint): bigint => BigInt.asIntN(12, value);
/** auipc is never compressed. */
const UPPER_INSTRUCTION_BYTES = 4n;

const placeItems = (items: readonly Item[], base: bigint, instructionSize: (index: number) => number): number[] => {
  const offsets = [0];
  let offset = 0;
  items.forEach((item, index) => {
    if (item.kind === 'instruction') offset += instructionSize(index);
    else if (item.kind === 'data') offset += item.bytes;
    else if (item.kind === 'text') offset += item.bytes.length;
    else if (item.kind === 'space') offset += item.size;
    else if (item.kind === 'align') {
      offset += Number(BigInt.asUintN(64, -(base + BigInt(offset))) % BigInt(item.boundary));
    } else {
      if (item.offset < offset) {
        throw errors.make('VIV_ASSEMBLER_RANGE', `line ${item.line}: .org ${item.offset} is behind offset ${offset}`, {
          details: { line: item.line },
        });
      }
      offset = item.offset;
    }
    if (offset > SIZE_LIMIT) {
      throw errors.make('VIV_ASSEMBLER_TOO_LARGE', `line ${item.line}: the output is over ${SIZE_LIMIT} bytes`, {
        details: { line: item.line },
      });
    }
    offsets.push(offset);
  });
  return offsets;
};

/** Gives each item its address; `instructionSize` says how long the instruction with that number is. */
export const layOut = (
  program: Program,
  base: bigint,
  encoder: InstructionEncoder,
  instructionSize: (index: number) => number,
): Layout => {
  const { items, symbols, numericLabels } = program;
  const offsets = placeItems(items, base, instructionSize);
  const address = (index: number): bigint => base + BigInt(offsets[index] ?? 0);
  const inProgress = new Set<Definition>();

  const valueOf = (definition: Definition): bigint => {
    if (definition.kind === 'label') return address(definition.index);
    if (inProgress.has(definition)) {
      throw errors.make('VIV_ASSEMBLER_SYMBOL', `the value '${definition.text}' depends on itself`);
    }
    inProgress.add(definition);
    try {
      return evaluateAt(definition.text, definition.index);
    } finally {
      inProgress.delete(definition);
    }
  };

  const numericLabel = (name: string, index: number): number | undefined => {
    const places = numericLabels.get(name.slice(0, -1)) ?? [];
    return name.endsWith('b') ? places.findLast((place) => place <= index) : places.find((place) => place > index);
  };

  const itemOf = (name: string, index: number): number | undefined => {
    if (/^\d/.test(name)) return numericLabel(name, index);
    const definition = symbols.get(name);
    return definition?.kind === 'label' ? definition.index : undefined;
  };

  /** The whole distance that the auipc at label `name` covers the upper part of. */
  const pairedDistance = (name: string, index: number): bigint => {
    const target = itemOf(name, index);
    const item = target === undefined ? undefined : items[target];
    const operands = item?.kind === 'instruction' ? item.operands : [];
    const argument = operands.map((operand) => /^%pcrel_hi\((.*)\)$/.exec(operand)?.[1]).find(Boolean);
    if (target === undefined || argument === undefined) {
      throw errors.make('VIV_ASSEMBLER_SYMBOL', `'${name}' is not the label of an instruction with %pcrel_hi`);
    }
    return evaluateAt(argument, target) - address(target);
  };

  const modifier = (name: string, argument: string, index: number): bigint => {
    switch (name) {
      case 'hi':
        return upper(evaluateAt(argument, index));
      case 'lo':
        return lower(evaluateAt(argument, index));
      case 'pcrel_hi': {
        const distance = BigInt.asIntN(64, evaluateAt(argument, index) - address(index));
        if (BigInt.asIntN(32, distance + UPPER_ROUNDING) !== distance + UPPER_ROUNDING) {
          throw errors.make('VIV_ASSEMBLER_RANGE', `'${argument}' is ${distance} bytes away, over 2 GiB`);
        }
        return upper(distance);
      }
      case 'pcrel_lo':
        return lower(pairedDistance(argument, index));
      case 'previous_pcrel_lo':
        return lower(evaluateAt(argument, index) - (address(index) - UPPER_INSTRUCTION_BYTES));
      default:
        throw errors.make('VIV_ASSEMBLER_UNKNOWN', `there is no %${name}`);
    }
  };

  const evaluateAt = (text: string, index: number): bigint =>
    evaluate(
      text,
      (name) => {
        if (name === '.') return address(index);
        const definition = symbols.get(name);
        if (definition !== undefined) return valueOf(definition);
        const place = itemOf(name, index);
        return place === undefined ? undefined : address(place);
      },
      (name, argument) => modifier(name, argument, index),
    );

  return {
    offsets,
    valueOf,
    evaluate: evaluateAt,
    encode: (index) => {
      const item = items[index];
      if (item?.kind !== 'instruction') return 0;
      const context = { here: address(index), evaluate: (text: string) => evaluateAt(text, index) };
      return atLine(item.line, () => encoder.encode(item.mnemonic, item.operands, context));
    },
  };
};
