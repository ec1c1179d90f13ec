/**
 * F and D, version 2.2 (unprivileged manual, the chapters of these names), made from one list for both formats; what exists
 * for one format only is in single.ts and double.ts.
 */
import { add, float, immediate, rs1 } from '../expression.ts';
import { type InstructionRow, rowsOf } from '../instruction-row.ts';
import type { IntegerFormat } from '../semantics.ts';

const INTEGERS: readonly (readonly [IntegerFormat, string])[] = [
  ['w', '00000'],
  ['wu', '00001'],
  ['l', '00010'],
  ['lu', '00011'],
];

/** Every instruction that F and D have in common, in format `s` or `d`. */
export const floatRowsOf = (format: 's' | 'd'): readonly InstructionRow[] => {
  const row = rowsOf(format === 's' ? 'F' : 'D');
  const fmt = format === 's' ? '00' : '01';
  const width = format === 's' ? '010' : '011';
  const address = add(rs1, immediate);
  const [load, store] = format === 's' ? ['flw', 'fsw'] : ['fld', 'fsd'];
  // The integers of 32 bits all have an exact double.
  const exact = (integer: IntegerFormat) => format === 'd' && (integer === 'w' || integer === 'wu');
  return [
    row(load, `imm[11:0] rs1 ${width} rd 0000111`, 'float-load', [{ kind: 'load-float', format, address }]),
    row(store, `imm[11:5] rs2 rs1 ${width} imm[4:0] 0100111`, 'float-store', [
      { kind: 'store-float', format, address },
    ]),
    ...(
      [
        ['madd', '10000'],
        ['msub', '10001'],
        ['nmsub', '10010'],
        ['nmadd', '10011'],
      ] as const
    ).map(([operation, opcode]) =>
      row(`f${operation}.${format}`, `rs3 ${fmt} rs2 rs1 rm rd ${opcode}11`, 'float-R4', [
        float({ operation, format }),
      ]),
    ),
    ...(
      [
        ['add', '00000'],
        ['sub', '00001'],
        ['mul', '00010'],
        ['div', '00011'],
      ] as const
    ).map(([operation, funct5]) =>
      row(`f${operation}.${format}`, `${funct5}${fmt} rs2 rs1 rm rd 1010011`, 'float-R-rm', [
        float({ operation, format }),
      ]),
    ),
    row(`fsqrt.${format}`, `01011${fmt} 00000 rs1 rm rd 1010011`, 'float-unary', [
      float({ operation: 'sqrt', format }),
    ]),
    ...(
      [
        ['sgnj', '00100', '000'],
        ['sgnjn', '00100', '001'],
        ['sgnjx', '00100', '010'],
        ['min', '00101', '000'],
        ['max', '00101', '001'],
      ] as const
    ).map(([operation, funct5, funct3]) =>
      row(`f${operation}.${format}`, `${funct5}${fmt} rs2 rs1 ${funct3} rd 1010011`, 'float-R', [
        float({ operation, format }),
      ]),
    ),
    ...(
      [
        ['eq', '010'],
        ['lt', '001'],
        ['le', '000'],
      ] as const
    ).map(([operation, funct3]) =>
      row(`f${operation}.${format}`, `10100${fmt} rs2 rs1 ${funct3} rd 1010011`, 'float-compare', [
        float({ operation, format }),
      ]),
    ),
    row(`fclass.${format}`, `11100${fmt} 00000 rs1 001 rd 1010011`, 'float-to-x', [
      float({ operation: 'class', format }),
    ]),
    ...INTEGERS.flatMap(([integer, field]) => [
      row(`fcvt.${integer}.${format}`, `11000${fmt} ${field} rs1 rm rd 1010011`, 'float-to-integer', [
        float({ operation: 'to-integer', format, integer }),
      ]),
      row(
        `fcvt.${format}.${integer}`,
        `11010${fmt} ${field} rs1 rm rd 1010011`,
        exact(integer) ? 'float-from-integer-exact' : 'float-from-integer',
        [float({ operation: 'from-integer', format, integer })],
      ),
    ]),
  ];
};
