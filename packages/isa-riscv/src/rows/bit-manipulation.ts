/** Zba, Zbb, Zbc and Zbs, version 1.0 (unprivileged manual, chapter "B"). */
import {
  add,
  and,
  binary,
  extendWord,
  helper,
  i64,
  immediate,
  not,
  or,
  rs1,
  rs2,
  select,
  setRd,
  shiftLeft,
  unary,
  word,
  xor,
  zeroExtendWord,
} from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import type { BinaryOperation, Expression, Semantics } from '../semantics.ts';

const address = rowsOf('Zba');
const basic = rowsOf('Zbb');
const carryless = rowsOf('Zbc');
const single = rowsOf('Zbs');

const unsignedWord = zeroExtendWord(word(rs1));
const shiftAdd = (index: Expression, shift: bigint): Semantics => [setRd(add(shiftLeft(index, i64(shift)), rs2))];
const rotate = (operation: 'rotl' | 'rotr', amount: Expression): Semantics => [
  setRd(binary(`i64.${operation}`, rs1, amount)),
];
const rotateWord = (operation: 'rotl' | 'rotr', amount: Expression): Semantics => [
  setRd(extendWord(binary(`i32.${operation}`, word(rs1), word(amount)))),
];
const countWord = (operation: 'clz' | 'ctz' | 'popcnt'): Semantics => [
  setRd(zeroExtendWord(unary(`i32.${operation}`, word(rs1)))),
];
const pick = (operation: BinaryOperation): Semantics => [setRd(select(binary(operation, rs1, rs2), rs1, rs2))];
/** A single bit; WebAssembly takes the bit number modulo 64 as RISC-V does. */
const bit = (index: Expression): Expression => shiftLeft(i64(1n), index);
const extractBit = (index: Expression): Semantics => [setRd(and(binary('i64.shr_u', rs1, index), i64(1n)))];

export const bitManipulationRows = [
  address('add.uw', '0000100 rs2 rs1 000 rd 0111011', 'R', [setRd(add(unsignedWord, rs2))]),
  address('sh1add', '0010000 rs2 rs1 010 rd 0110011', 'R', shiftAdd(rs1, 1n)),
  address('sh2add', '0010000 rs2 rs1 100 rd 0110011', 'R', shiftAdd(rs1, 2n)),
  address('sh3add', '0010000 rs2 rs1 110 rd 0110011', 'R', shiftAdd(rs1, 3n)),
  address('sh1add.uw', '0010000 rs2 rs1 010 rd 0111011', 'R', shiftAdd(unsignedWord, 1n)),
  address('sh2add.uw', '0010000 rs2 rs1 100 rd 0111011', 'R', shiftAdd(unsignedWord, 2n)),
  address('sh3add.uw', '0010000 rs2 rs1 110 rd 0111011', 'R', shiftAdd(unsignedWord, 3n)),
  address('slli.uw', '000010 shamt[5:0] rs1 001 rd 0011011', 'shift', [setRd(shiftLeft(unsignedWord, immediate))]),

  basic('andn', '0100000 rs2 rs1 111 rd 0110011', 'R', [setRd(and(rs1, not(rs2)))]),
  basic('orn', '0100000 rs2 rs1 110 rd 0110011', 'R', [setRd(or(rs1, not(rs2)))]),
  basic('xnor', '0100000 rs2 rs1 100 rd 0110011', 'R', [setRd(not(xor(rs1, rs2)))]),
  basic('clz', '0110000 00000 rs1 001 rd 0010011', 'R-unary', [setRd(unary('i64.clz', rs1))]),
  basic('ctz', '0110000 00001 rs1 001 rd 0010011', 'R-unary', [setRd(unary('i64.ctz', rs1))]),
  basic('cpop', '0110000 00010 rs1 001 rd 0010011', 'R-unary', [setRd(unary('i64.popcnt', rs1))]),
  basic('clzw', '0110000 00000 rs1 001 rd 0011011', 'R-unary', countWord('clz')),
  basic('ctzw', '0110000 00001 rs1 001 rd 0011011', 'R-unary', countWord('ctz')),
  basic('cpopw', '0110000 00010 rs1 001 rd 0011011', 'R-unary', countWord('popcnt')),
  basic('max', '0000101 rs2 rs1 110 rd 0110011', 'R', pick('i64.gt_s')),
  basic('maxu', '0000101 rs2 rs1 111 rd 0110011', 'R', pick('i64.gt_u')),
  basic('min', '0000101 rs2 rs1 100 rd 0110011', 'R', pick('i64.lt_s')),
  basic('minu', '0000101 rs2 rs1 101 rd 0110011', 'R', pick('i64.lt_u')),
  basic('sext.b', '0110000 00100 rs1 001 rd 0010011', 'R-unary', [setRd(unary('i64.extend8_s', rs1))]),
  basic('sext.h', '0110000 00101 rs1 001 rd 0010011', 'R-unary', [setRd(unary('i64.extend16_s', rs1))]),
  basic('zext.h', '0000100 00000 rs1 100 rd 0111011', 'R-unary', [setRd(and(rs1, i64(0xffffn)))]),
  basic('rol', '0110000 rs2 rs1 001 rd 0110011', 'R', rotate('rotl', rs2)),
  basic('ror', '0110000 rs2 rs1 101 rd 0110011', 'R', rotate('rotr', rs2)),
  basic('rori', '011000 shamt[5:0] rs1 101 rd 0010011', 'shift', rotate('rotr', immediate)),
  basic('rolw', '0110000 rs2 rs1 001 rd 0111011', 'R', rotateWord('rotl', rs2)),
  basic('rorw', '0110000 rs2 rs1 101 rd 0111011', 'R', rotateWord('rotr', rs2)),
  basic('roriw', '0110000 shamt[4:0] rs1 101 rd 0011011', 'shift', rotateWord('rotr', immediate)),
  basic('orc.b', '0010100 00111 rs1 101 rd 0010011', 'R-unary', [setRd(helper('orc.b', rs1))]),
  basic('rev8', '0110101 11000 rs1 101 rd 0010011', 'R-unary', [setRd(helper('rev8', rs1))]),

  carryless('clmul', '0000101 rs2 rs1 001 rd 0110011', 'R', [setRd(helper('clmul', rs1, rs2))]),
  carryless('clmulh', '0000101 rs2 rs1 011 rd 0110011', 'R', [setRd(helper('clmulh', rs1, rs2))]),
  carryless('clmulr', '0000101 rs2 rs1 010 rd 0110011', 'R', [setRd(helper('clmulr', rs1, rs2))]),

  single('bclr', '0100100 rs2 rs1 001 rd 0110011', 'R', [setRd(and(rs1, not(bit(rs2))))]),
  single('bclri', '010010 shamt[5:0] rs1 001 rd 0010011', 'shift', [setRd(and(rs1, not(bit(immediate))))]),
  single('bext', '0100100 rs2 rs1 101 rd 0110011', 'R', extractBit(rs2)),
  single('bexti', '010010 shamt[5:0] rs1 101 rd 0010011', 'shift', extractBit(immediate)),
  single('binv', '0110100 rs2 rs1 001 rd 0110011', 'R', [setRd(xor(rs1, bit(rs2)))]),
  single('binvi', '011010 shamt[5:0] rs1 001 rd 0010011', 'shift', [setRd(xor(rs1, bit(immediate)))]),
  single('bset', '0010100 rs2 rs1 001 rd 0110011', 'R', [setRd(or(rs1, bit(rs2)))]),
  single('bseti', '001010 shamt[5:0] rs1 001 rd 0010011', 'shift', [setRd(or(rs1, bit(immediate)))]),
];
