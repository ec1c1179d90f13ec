/**
 * RV64I, version 2.1, Zifencei and Zihintpause (unprivileged manual, the chapters of these names).
 * Words in the HINT space (section "HINT Instructions") need no rows: they are these instructions with rd = x0.
 */
import {
  add,
  and,
  bind,
  binary,
  branch,
  extendWord,
  i64,
  immediate,
  jump,
  load,
  local,
  nextPc,
  or,
  pc,
  rs1,
  rs2,
  setRd,
  shiftLeft,
  store,
  system,
  unary,
  word,
  xor,
} from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';
import type { AccessBytes, BinaryOperation, Expression, Semantics } from '../semantics.ts';

const row = rowsOf('I');
const address = add(rs1, immediate);

const loadInto = (bytes: AccessBytes, signed: boolean): Semantics => [
  load('value', bytes, signed, address),
  setRd(local('value')),
];
const storeOf = (bytes: AccessBytes): Semantics => [store(bytes, address, rs2)];
const branchIf = (operation: BinaryOperation): Semantics => [branch(binary(operation, rs1, rs2))];
const setIf = (operation: BinaryOperation, right: Expression): Semantics => [
  setRd(unary('i64.extend_i32_u', binary(operation, rs1, right))),
];
/** On the low words; WebAssembly takes shift amounts modulo 32 as RISC-V does. */
const onWords = (operation: BinaryOperation, right: Expression): Semantics => [
  setRd(extendWord(binary(operation, word(rs1), word(right)))),
];

export const baseRows = [
  row('lui', 'imm[31:12] rd 0110111', 'U', [setRd(immediate)]),
  row('auipc', 'imm[31:12] rd 0010111', 'U', [setRd(add(pc, immediate))]),
  row('jal', 'imm[20|10:1|11|19:12] rd 1101111', 'J', [setRd(nextPc), jump(add(pc, immediate))]),
  // The target is taken before the link is written: rd may be rs1.
  row('jalr', 'imm[11:0] rs1 000 rd 1100111', 'I-address', [
    bind('target', and(add(rs1, immediate), i64(-2n))),
    setRd(nextPc),
    jump(local('target')),
  ]),
  row('beq', 'imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011', 'B', branchIf('i64.eq')),
  row('bne', 'imm[12|10:5] rs2 rs1 001 imm[4:1|11] 1100011', 'B', branchIf('i64.ne')),
  row('blt', 'imm[12|10:5] rs2 rs1 100 imm[4:1|11] 1100011', 'B', branchIf('i64.lt_s')),
  row('bge', 'imm[12|10:5] rs2 rs1 101 imm[4:1|11] 1100011', 'B', branchIf('i64.ge_s')),
  row('bltu', 'imm[12|10:5] rs2 rs1 110 imm[4:1|11] 1100011', 'B', branchIf('i64.lt_u')),
  row('bgeu', 'imm[12|10:5] rs2 rs1 111 imm[4:1|11] 1100011', 'B', branchIf('i64.ge_u')),
  row('lb', 'imm[11:0] rs1 000 rd 0000011', 'I-address', loadInto(1, true)),
  row('lh', 'imm[11:0] rs1 001 rd 0000011', 'I-address', loadInto(2, true)),
  row('lw', 'imm[11:0] rs1 010 rd 0000011', 'I-address', loadInto(4, true)),
  row('ld', 'imm[11:0] rs1 011 rd 0000011', 'I-address', loadInto(8, true)),
  row('lbu', 'imm[11:0] rs1 100 rd 0000011', 'I-address', loadInto(1, false)),
  row('lhu', 'imm[11:0] rs1 101 rd 0000011', 'I-address', loadInto(2, false)),
  row('lwu', 'imm[11:0] rs1 110 rd 0000011', 'I-address', loadInto(4, false)),
  row('sb', 'imm[11:5] rs2 rs1 000 imm[4:0] 0100011', 'S', storeOf(1)),
  row('sh', 'imm[11:5] rs2 rs1 001 imm[4:0] 0100011', 'S', storeOf(2)),
  row('sw', 'imm[11:5] rs2 rs1 010 imm[4:0] 0100011', 'S', storeOf(4)),
  row('sd', 'imm[11:5] rs2 rs1 011 imm[4:0] 0100011', 'S', storeOf(8)),
  row('addi', 'imm[11:0] rs1 000 rd 0010011', 'I', [setRd(address)]),
  row('slti', 'imm[11:0] rs1 010 rd 0010011', 'I', setIf('i64.lt_s', immediate)),
  row('sltiu', 'imm[11:0] rs1 011 rd 0010011', 'I', setIf('i64.lt_u', immediate)),
  row('xori', 'imm[11:0] rs1 100 rd 0010011', 'I', [setRd(xor(rs1, immediate))]),
  row('ori', 'imm[11:0] rs1 110 rd 0010011', 'I', [setRd(or(rs1, immediate))]),
  row('andi', 'imm[11:0] rs1 111 rd 0010011', 'I', [setRd(and(rs1, immediate))]),
  row('slli', '000000 shamt[5:0] rs1 001 rd 0010011', 'shift', [setRd(shiftLeft(rs1, immediate))]),
  row('srli', '000000 shamt[5:0] rs1 101 rd 0010011', 'shift', [setRd(binary('i64.shr_u', rs1, immediate))]),
  row('srai', '010000 shamt[5:0] rs1 101 rd 0010011', 'shift', [setRd(binary('i64.shr_s', rs1, immediate))]),
  row('add', '0000000 rs2 rs1 000 rd 0110011', 'R', [setRd(add(rs1, rs2))]),
  row('sub', '0100000 rs2 rs1 000 rd 0110011', 'R', [setRd(binary('i64.sub', rs1, rs2))]),
  row('sll', '0000000 rs2 rs1 001 rd 0110011', 'R', [setRd(shiftLeft(rs1, rs2))]),
  row('slt', '0000000 rs2 rs1 010 rd 0110011', 'R', setIf('i64.lt_s', rs2)),
  row('sltu', '0000000 rs2 rs1 011 rd 0110011', 'R', setIf('i64.lt_u', rs2)),
  row('xor', '0000000 rs2 rs1 100 rd 0110011', 'R', [setRd(xor(rs1, rs2))]),
  row('srl', '0000000 rs2 rs1 101 rd 0110011', 'R', [setRd(binary('i64.shr_u', rs1, rs2))]),
  row('sra', '0100000 rs2 rs1 101 rd 0110011', 'R', [setRd(binary('i64.shr_s', rs1, rs2))]),
  row('or', '0000000 rs2 rs1 110 rd 0110011', 'R', [setRd(or(rs1, rs2))]),
  row('and', '0000000 rs2 rs1 111 rd 0110011', 'R', [setRd(and(rs1, rs2))]),
  row('addiw', 'imm[11:0] rs1 000 rd 0011011', 'I', onWords('i32.add', immediate)),
  row('slliw', '0000000 shamt[4:0] rs1 001 rd 0011011', 'shift', onWords('i32.shl', immediate)),
  row('srliw', '0000000 shamt[4:0] rs1 101 rd 0011011', 'shift', onWords('i32.shr_u', immediate)),
  row('sraiw', '0100000 shamt[4:0] rs1 101 rd 0011011', 'shift', onWords('i32.shr_s', immediate)),
  row('addw', '0000000 rs2 rs1 000 rd 0111011', 'R', onWords('i32.add', rs2)),
  row('subw', '0100000 rs2 rs1 000 rd 0111011', 'R', onWords('i32.sub', rs2)),
  row('sllw', '0000000 rs2 rs1 001 rd 0111011', 'R', onWords('i32.shl', rs2)),
  row('srlw', '0000000 rs2 rs1 101 rd 0111011', 'R', onWords('i32.shr_u', rs2)),
  row('sraw', '0100000 rs2 rs1 101 rd 0111011', 'R', onWords('i32.shr_s', rs2)),
  // Reserved fields of fences are ignored, as "Memory Ordering Instructions" asks for forward compatibility.
  row('fence', 'fm pred succ any5 000 any5 0001111', 'fence', [{ kind: 'fence' }]),
  row('fence.tso', '1000 0011 0011 00000 000 00000 0001111', 'none', [{ kind: 'fence' }], 'fence'),
  row('ecall', '000000000000 00000 000 00000 1110011', 'none', [system('ecall')]),
  row('ebreak', '000000000001 00000 000 00000 1110011', 'none', [system('ebreak')]),
  rowsOf('Zifencei')('fence.i', 'any12 any5 001 any5 0001111', 'none', [system('fence.i')]),
  rowsOf('Zihintpause')('pause', '0000 0001 0000 00000 000 00000 0001111', 'none', [], 'fence'),
];
