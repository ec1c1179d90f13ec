import { errors } from '../errors.ts';
import { floatRegister } from '../registers.ts';
import { loadImmediate } from './load-immediate.ts';
import { splitAddress } from './operand.ts';
import type { PlainInstruction } from './plain-instruction.ts';

const LOADS = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'];
const STORES = ['sb', 'sh', 'sw', 'sd', 'fsh', 'fsw', 'fsd'];
const FLOAT_LOADS = ['flh', 'flw', 'fld'];

/** Reaches `symbol` relative to pc: the upper part into `register`, the rest in the instruction after it. */
const reach = (
  register: string,
  symbol: string,
  second: (low: string) => PlainInstruction,
): readonly PlainInstruction[] => [
  ['auipc', register, `%pcrel_hi(${symbol})`],
  second(`%previous_pcrel_lo(${symbol})`),
];

/**
 * What a pseudo-instruction of more than one instruction stands for (appendix "RISC-V Assembly Programmer's Handbook");
 * undefined when `mnemonic` with these operands is none. `evaluate` gives values that need no label.
 */
export const expandPseudoInstruction = (
  mnemonic: string,
  operands: readonly string[],
  evaluate: (text: string) => bigint,
): readonly PlainInstruction[] | undefined => {
  const [first = '', second = '', third = ''] = operands;
  const need = (count: number): void => {
    if (operands.length !== count) {
      throw errors.make('VIV_ASSEMBLER_SYNTAX', `${mnemonic} takes ${count} operands, not ${operands.length}`);
    }
  };
  switch (mnemonic) {
    case 'li':
      need(2);
      return loadImmediate(first, evaluate(second));
    case 'la':
    case 'lla':
      need(2);
      return reach(first, second, (low) => ['addi', first, first, low]);
    case 'call': {
      if (operands.length !== 2) need(1);
      const [link, target] = operands.length === 2 ? [first, second] : ['ra', first];
      return reach(link, target, (low) => ['jalr', link, `${low}(${link})`]);
    }
    case 'tail':
      need(1);
      return reach('t1', first, (low) => ['jalr', 'zero', `${low}(t1)`]);
    default:
  }
  if (LOADS.includes(mnemonic) && operands.length === 2 && splitAddress(second) === undefined) {
    return reach(first, second, (low) => [mnemonic, first, `${low}(${first})`]);
  }
  const viaTemporary = STORES.includes(mnemonic) || (FLOAT_LOADS.includes(mnemonic) && floatRegister(first) !== -1);
  if (viaTemporary && operands.length === 3) {
    return reach(third, second, (low) => [mnemonic, first, `${low}(${third})`]);
  }
  return undefined;
};
