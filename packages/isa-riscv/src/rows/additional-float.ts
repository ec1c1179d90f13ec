/** Zfa, version 1.0, for F and D (unprivileged manual, chapter "Zfa"). */
import { float } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';

const row = rowsOf('Zfa');

const rowsFor = (format: 's' | 'd') => {
  const fmt = format === 's' ? '00' : '01';
  return [
    row(`fli.${format}`, `11110${fmt} 00001 constant 000 rd 1010011`, 'float-constant', [
      float({ operation: 'load-immediate', format }),
    ]),
    row(`fminm.${format}`, `00101${fmt} rs2 rs1 010 rd 1010011`, 'float-R', [float({ operation: 'minm', format })]),
    row(`fmaxm.${format}`, `00101${fmt} rs2 rs1 011 rd 1010011`, 'float-R', [float({ operation: 'maxm', format })]),
    row(`fround.${format}`, `01000${fmt} 00100 rs1 rm rd 1010011`, 'float-unary', [
      float({ operation: 'round', format }),
    ]),
    row(`froundnx.${format}`, `01000${fmt} 00101 rs1 rm rd 1010011`, 'float-unary', [
      float({ operation: 'roundnx', format }),
    ]),
    row(`fltq.${format}`, `10100${fmt} rs2 rs1 101 rd 1010011`, 'float-compare', [float({ operation: 'ltq', format })]),
    row(`fleq.${format}`, `10100${fmt} rs2 rs1 100 rd 1010011`, 'float-compare', [float({ operation: 'leq', format })]),
  ];
};

export const additionalFloatRows = [
  ...rowsFor('s'),
  ...rowsFor('d'),
  row('fcvtmod.w.d', '1100001 01000 rs1 001 rd 1010011', 'float-to-integer-rtz', [
    float({ operation: 'to-integer-modular', format: 'd' }),
  ]),
];
