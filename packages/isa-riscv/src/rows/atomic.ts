/** A, version 2.1 (Zalrsc and Zaamo), and Zawrs (unprivileged manual, the chapters of these names). */
import { system } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import type { AtomicOperation } from '../semantics.ts';

const row = rowsOf('A');
const wait = rowsOf('Zawrs');

const amo = (name: string, funct5: string, operation: AtomicOperation) => [
  row(`amo${name}.w`, `${funct5} aq rl rs2 rs1 010 rd 0101111`, 'amo', [{ kind: 'atomic', operation, bytes: 4 }]),
  row(`amo${name}.d`, `${funct5} aq rl rs2 rs1 011 rd 0101111`, 'amo', [{ kind: 'atomic', operation, bytes: 8 }]),
];

export const atomicRows = [
  row('lr.w', '00010 aq rl 00000 rs1 010 rd 0101111', 'load-reserved', [{ kind: 'load-reserved', bytes: 4 }]),
  row('lr.d', '00010 aq rl 00000 rs1 011 rd 0101111', 'load-reserved', [{ kind: 'load-reserved', bytes: 8 }]),
  row('sc.w', '00011 aq rl rs2 rs1 010 rd 0101111', 'amo', [{ kind: 'store-conditional', bytes: 4 }]),
  row('sc.d', '00011 aq rl rs2 rs1 011 rd 0101111', 'amo', [{ kind: 'store-conditional', bytes: 8 }]),
  ...amo('swap', '00001', 'swap'),
  ...amo('add', '00000', 'add'),
  ...amo('xor', '00100', 'xor'),
  ...amo('and', '01100', 'and'),
  ...amo('or', '01000', 'or'),
  ...amo('min', '10000', 'min'),
  ...amo('max', '10100', 'max'),
  ...amo('minu', '11000', 'minu'),
  ...amo('maxu', '11100', 'maxu'),
  wait('wrs.nto', '000000001101 00000 000 00000 1110011', 'none', [system('wrs.nto')]),
  wait('wrs.sto', '000000011101 00000 000 00000 1110011', 'none', [system('wrs.sto')]),
];
