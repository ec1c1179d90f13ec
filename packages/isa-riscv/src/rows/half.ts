/** Zfhmin, version 1.0 (unprivileged manual, chapter "Zfh and Zfhmin"): half precision is stored and converted only. */
import { add, float, immediate, rs1 } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';

const row = rowsOf('Zfhmin');
const address = add(rs1, immediate);

export const halfRows = [
  row('flh', 'imm[11:0] rs1 001 rd 0000111', 'float-load', [{ kind: 'load-float', format: 'h', address }]),
  row('fsh', 'imm[11:5] rs2 rs1 001 imm[4:0] 0100111', 'float-store', [{ kind: 'store-float', format: 'h', address }]),
  row('fcvt.s.h', '0100000 00010 rs1 rm rd 1010011', 'float-widen', [
    float({ operation: 'to-float', format: 's', from: 'h' }),
  ]),
  row('fcvt.h.s', '0100010 00000 rs1 rm rd 1010011', 'float-unary', [
    float({ operation: 'to-float', format: 'h', from: 's' }),
  ]),
  row('fcvt.d.h', '0100001 00010 rs1 rm rd 1010011', 'float-widen', [
    float({ operation: 'to-float', format: 'd', from: 'h' }),
  ]),
  row('fcvt.h.d', '0100010 00001 rs1 rm rd 1010011', 'float-unary', [
    float({ operation: 'to-float', format: 'h', from: 'd' }),
  ]),
  row('fmv.x.h', '1110010 00000 rs1 000 rd 1010011', 'float-to-x', [float({ operation: 'move-to-x', format: 'h' })]),
  row('fmv.h.x', '1111010 00000 rs1 000 rd 1010011', 'float-from-x', [
    float({ operation: 'move-from-x', format: 'h' }),
  ]),
];
