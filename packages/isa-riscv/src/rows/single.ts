/** F, version 2.2 (unprivileged manual, chapter "F"): what floatRowsOf does not have. */
import { float } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import { floatRowsOf } from './float.ts';

const row = rowsOf('F');

export const singleRows = [
  ...floatRowsOf('s'),
  row('fmv.x.w', '1110000 00000 rs1 000 rd 1010011', 'float-to-x', [float({ operation: 'move-to-x', format: 's' })]),
  row('fmv.w.x', '1111000 00000 rs1 000 rd 1010011', 'float-from-x', [
    float({ operation: 'move-from-x', format: 's' }),
  ]),
];
