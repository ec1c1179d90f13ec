/** Zicond, version 1.0 (unprivileged manual, chapter "Zicond"). */
import { i64, rs1, rs2, select, setRd, unary } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';

const row = rowsOf('Zicond');
const isZero = unary('i64.eqz', rs2);

export const conditionalRows = [
  row('czero.eqz', '0000111 rs2 rs1 101 rd 0110011', 'R', [setRd(select(isZero, i64(0n), rs1))]),
  row('czero.nez', '0000111 rs2 rs1 111 rd 0110011', 'R', [setRd(select(isZero, rs1, i64(0n)))]),
];
