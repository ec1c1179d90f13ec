import { errors } from '../errors.ts';
import { directiveItems } from './directive.ts';
import { evaluate } from './expression.ts';
import type { InstructionEncoder } from './instruction-encoder.ts';
import { atLine, type Item } from './item.ts';
import { expandPseudoInstruction } from './pseudo-instruction.ts';
import { parseSource, type SourceStatement } from './source-line.ts';

/** What a symbol stands for: the address of an item, or an expression as seen from one. */
export type Definition =
  | { readonly kind: 'label'; readonly index: number }
  | { readonly kind: 'value'; readonly index: number; readonly line: number; readonly text: string };

/** Source taken apart into items, before any has an address. */
export interface Program {
  readonly items: readonly Item[];
  readonly symbols: ReadonlyMap<string, Definition>;
  /** Items that each numeric label stands before, ascending. */
  readonly numericLabels: ReadonlyMap<string, readonly number[]>;
}

/** A symbol, a numeric label, or neither. */
const isNumeric = (label: string): boolean => /^\d+$/.test(label);

/** Reads `source`; `compress` is the setting until the first `.option`. */
export const parseProgram = (source: string, encoder: InstructionEncoder, compress: boolean): Program => {
  const items: Item[] = [];
  const symbols = new Map<string, Definition>();
  const numericLabels = new Map<string, number[]>();
  let mayCompress = compress;

  /** Values known while reading: those that use no label. */
  const constant = (text: string): bigint =>
    evaluate(
      text,
      (name) => {
        const definition = symbols.get(name);
        return definition?.kind === 'value' ? constant(definition.text) : undefined;
      },
      (name) => {
        throw errors.make('VIV_ASSEMBLER_SYMBOL', `%${name} is not known while reading the source`);
      },
    );

  const define = (name: string, definition: Definition): void => {
    if (symbols.has(name)) throw errors.make('VIV_ASSEMBLER_SYMBOL', `symbol '${name}' is defined twice`);
    symbols.set(name, definition);
  };

  const read = ({ line, labels, mnemonic, operands }: SourceStatement): void => {
    for (const label of labels) {
      if (!isNumeric(label)) define(label, { kind: 'label', index: items.length });
      else if (numericLabels.has(label)) numericLabels.get(label)?.push(items.length);
      else numericLabels.set(label, [items.length]);
    }
    if (mnemonic === '') return;
    if (mnemonic === '.equ' || mnemonic === '.set') {
      const [name = '', text = ''] = operands;
      if (operands.length !== 2) throw errors.make('VIV_ASSEMBLER_SYNTAX', `${mnemonic} takes a name and a value`);
      define(name, { kind: 'value', index: items.length, line, text });
    } else if (mnemonic === '.option') {
      if (operands[0] !== 'rvc' && operands[0] !== 'norvc') {
        throw errors.make('VIV_ASSEMBLER_UNKNOWN', `.option knows rvc and norvc, not '${operands[0] ?? ''}'`);
      }
      mayCompress = operands[0] === 'rvc';
    } else if (mnemonic.startsWith('.')) {
      items.push(...directiveItems({ line, labels, mnemonic, operands }, constant));
    } else {
      const expansion = expandPseudoInstruction(mnemonic, operands, constant) ?? [[mnemonic, ...operands] as const];
      for (const [name, ...rest] of expansion) {
        if (!encoder.knows(name)) throw errors.make('VIV_ASSEMBLER_UNKNOWN', `there is no instruction '${name}'`);
        items.push({ kind: 'instruction', line, mnemonic: name, operands: rest, mayCompress });
      }
    }
  };

  for (const statement of parseSource(source)) atLine(statement.line, () => read(statement));
  return { items, symbols, numericLabels };
};
