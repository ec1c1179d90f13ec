/** M, version 2.0 with Zmmul (unprivileged manual, chapter "M"). */
import {
  bind,
  binary,
  extendWord,
  helper,
  i32,
  i64,
  local,
  rs1,
  rs2,
  select,
  setRd,
  unary,
  word,
} from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import type { Expression, Semantics, ValueType } from '../semantics.ts';

const row = rowsOf('M');

const constantOf = (type: ValueType, value: bigint): Expression => (type === 'i64' ? i64(value) : i32(value));
const sourceOf = (type: ValueType, register: Expression): Expression => (type === 'i64' ? register : word(register));
const result = (type: ValueType, value: Expression) => setRd(type === 'i64' ? value : extendWord(value));

// Division never traps in RISC-V (section "Division Operations"): x / 0 = −1, x rem 0 = x, MIN / −1 = MIN, MIN rem −1 = 0.
// WebAssembly traps on both for div_s and on zero for the others, so the divisor becomes 1 where that would happen.

const divideSigned = (type: ValueType): Semantics => {
  const minimum = type === 'i64' ? -(1n << 63n) : -(1n << 31n);
  const a = local('dividend', type);
  const b = local('divisor', type);
  const zero = local('zero', 'i32');
  return [
    bind('dividend', sourceOf(type, rs1), type),
    bind('divisor', sourceOf(type, rs2), type),
    bind('zero', unary(`${type}.eqz`, b), 'i32'),
    bind(
      'unsafe',
      binary(
        'i32.or',
        zero,
        binary(
          'i32.and',
          binary(`${type}.eq`, a, constantOf(type, minimum)),
          binary(`${type}.eq`, b, constantOf(type, -1n)),
        ),
      ),
      'i32',
    ),
    bind('quotient', binary(`${type}.div_s`, a, select(local('unsafe', 'i32'), constantOf(type, 1n), b)), type),
    result(type, select(zero, constantOf(type, -1n), local('quotient', type))),
  ];
};

const guarded = (
  type: ValueType,
  operation: 'div_u' | 'rem_s' | 'rem_u',
  ofZero: (a: Expression) => Expression,
): Semantics => {
  const a = local('dividend', type);
  const b = local('divisor', type);
  const zero = local('zero', 'i32');
  return [
    bind('dividend', sourceOf(type, rs1), type),
    bind('divisor', sourceOf(type, rs2), type),
    bind('zero', unary(`${type}.eqz`, b), 'i32'),
    bind('value', binary(`${type}.${operation}`, a, select(zero, constantOf(type, 1n), b)), type),
    result(type, select(zero, ofZero(a), local('value', type))),
  ];
};
const divideUnsigned = (type: ValueType) => guarded(type, 'div_u', () => constantOf(type, -1n));
const remainder = (type: ValueType, operation: 'rem_s' | 'rem_u') => guarded(type, operation, (a) => a);

export const multiplyRows = [
  row('mul', '0000001 rs2 rs1 000 rd 0110011', 'R', [setRd(binary('i64.mul', rs1, rs2))]),
  row('mulh', '0000001 rs2 rs1 001 rd 0110011', 'R', [setRd(helper('mulh', rs1, rs2))]),
  row('mulhsu', '0000001 rs2 rs1 010 rd 0110011', 'R', [setRd(helper('mulhsu', rs1, rs2))]),
  row('mulhu', '0000001 rs2 rs1 011 rd 0110011', 'R', [setRd(helper('mulhu', rs1, rs2))]),
  row('div', '0000001 rs2 rs1 100 rd 0110011', 'R', divideSigned('i64')),
  row('divu', '0000001 rs2 rs1 101 rd 0110011', 'R', divideUnsigned('i64')),
  row('rem', '0000001 rs2 rs1 110 rd 0110011', 'R', remainder('i64', 'rem_s')),
  row('remu', '0000001 rs2 rs1 111 rd 0110011', 'R', remainder('i64', 'rem_u')),
  row('mulw', '0000001 rs2 rs1 000 rd 0111011', 'R', [setRd(extendWord(binary('i32.mul', word(rs1), word(rs2))))]),
  row('divw', '0000001 rs2 rs1 100 rd 0111011', 'R', divideSigned('i32')),
  row('divuw', '0000001 rs2 rs1 101 rd 0111011', 'R', divideUnsigned('i32')),
  row('remw', '0000001 rs2 rs1 110 rd 0111011', 'R', remainder('i32', 'rem_s')),
  row('remuw', '0000001 rs2 rs1 111 rd 0111011', 'R', remainder('i32', 'rem_u')),
];
