/** D, version 2.2 (unprivileged manual, chapter "D"): what floatRowsOf does not have. */
import { float } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import { floatRowsOf } from './float.ts';

const row = rowsOf('D');

export const doubleRows = [
  ...floatRowsOf('d'),
  row('fcvt.s.d', '0100000 00001 rs1 rm rd 1010011', 'float-unary', [
    float({ operation: 'to-float', format: 's', from: 'd' }),
  ]),
  row('fcvt.d.s', '0100001 00000 rs1 rm rd 1010011', 'float-widen', [
    float({ operation: 'to-float', format: 'd', from: 's' }),
  ]),
  row('fmv.x.d', '1110001 00000 rs1 000 rd 1010011', 'float-to-x', [float({ operation: 'move-to-x', format: 'd' })]),
  row('fmv.d.x', '1111001 00000 rs1 000 rd 1010011', 'float-from-x', [
    float({ operation: 'move-from-x', format: 'd' }),
  ]),
];
