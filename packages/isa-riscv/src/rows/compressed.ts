/**
 * C, version 2.0, for RV64 with D (Zca and Zcd), and Zcb, version 1.0 (unprivileged manual, chapters "C" and "Zc*"), in
 * the order of the quadrants in section "RVC Instruction Set Listings". Encodings that the manual reserves, or that
 * belong to extensions we do not have (Zcmop), match no row.
 */
import { compressedRowsOf } from '../compressed-row.ts';

const row = compressedRowsOf('C');
const double = compressedRowsOf('Zcd');
const zcb = compressedRowsOf('Zcb');
const SP = 2;

const alu = (name: string, fixed: string, funct2: string, instruction: string, make = row) =>
  make(name, `${fixed} rd' ${funct2} rs2' 01`, ["rd'", "rs2'"], { instruction, rd: "rd'", rs1: "rd'", rs2: "rs2'" });
const extend = (name: string, funct3: string, expansion: { instruction: string; rs2?: number; immediate?: number }) =>
  zcb(name, `100 1 11 rd' 11 ${funct3} 01`, ["rd'"], { rd: "rd'", rs1: "rd'", ...expansion });

export const compressedRows = [
  // Quadrant 0
  row('c.addi4spn', "000 nzuimm[5:4|9:6|2|3] rd' 00", ["rd'", 'sp', 'imm'], {
    instruction: 'addi',
    rd: "rd'",
    rs1: SP,
  }),
  double('c.fld', "001 uimm[5:3] rs1' uimm[7:6] rd' 00", ["frd'", "imm(rs1')"], {
    instruction: 'fld',
    rd: "rd'",
    rs1: "rs1'",
  }),
  row('c.lw', "010 uimm[5:3] rs1' uimm[2|6] rd' 00", ["rd'", "imm(rs1')"], {
    instruction: 'lw',
    rd: "rd'",
    rs1: "rs1'",
  }),
  row('c.ld', "011 uimm[5:3] rs1' uimm[7:6] rd' 00", ["rd'", "imm(rs1')"], {
    instruction: 'ld',
    rd: "rd'",
    rs1: "rs1'",
  }),
  zcb('c.lbu', "100000 rs1' uimm[0|1] rd' 00", ["rd'", "imm(rs1')"], { instruction: 'lbu', rd: "rd'", rs1: "rs1'" }),
  zcb('c.lhu', "100001 rs1' 0 uimm[1] rd' 00", ["rd'", "imm(rs1')"], { instruction: 'lhu', rd: "rd'", rs1: "rs1'" }),
  zcb('c.lh', "100001 rs1' 1 uimm[1] rd' 00", ["rd'", "imm(rs1')"], { instruction: 'lh', rd: "rd'", rs1: "rs1'" }),
  zcb('c.sb', "100010 rs1' uimm[0|1] rs2' 00", ["rs2'", "imm(rs1')"], { instruction: 'sb', rs2: "rs2'", rs1: "rs1'" }),
  zcb('c.sh', "100011 rs1' 0 uimm[1] rs2' 00", ["rs2'", "imm(rs1')"], { instruction: 'sh', rs2: "rs2'", rs1: "rs1'" }),
  double('c.fsd', "101 uimm[5:3] rs1' uimm[7:6] rs2' 00", ["frs2'", "imm(rs1')"], {
    instruction: 'fsd',
    rs2: "rs2'",
    rs1: "rs1'",
  }),
  row('c.sw', "110 uimm[5:3] rs1' uimm[2|6] rs2' 00", ["rs2'", "imm(rs1')"], {
    instruction: 'sw',
    rs2: "rs2'",
    rs1: "rs1'",
  }),
  row('c.sd', "111 uimm[5:3] rs1' uimm[7:6] rs2' 00", ["rs2'", "imm(rs1')"], {
    instruction: 'sd',
    rs2: "rs2'",
    rs1: "rs1'",
  }),

  // Quadrant 1
  // With rd = x0 this is c.nop, and a hint when the immediate is not zero.
  row('c.addi', '000 imm[5] rd imm[4:0] 01', ['rd', 'imm'], { instruction: 'addi', rd: 'rd', rs1: 'rd' }),
  row('c.addiw', '001 imm[5] rd!=0 imm[4:0] 01', ['rd', 'imm'], { instruction: 'addiw', rd: 'rd', rs1: 'rd' }),
  row('c.li', '010 imm[5] rd imm[4:0] 01', ['rd', 'imm'], { instruction: 'addi', rd: 'rd', rs1: 0 }),
  row('c.addi16sp', '011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01', ['sp', 'imm'], { instruction: 'addi', rd: SP, rs1: SP }),
  row('c.lui', '011 nzimm[17] rd!=2 nzimm[16:12] 01', ['rd', 'upper'], { instruction: 'lui', rd: 'rd' }),
  row('c.srli', "100 uimm[5] 00 rd' uimm[4:0] 01", ["rd'", 'shamt'], { instruction: 'srli', rd: "rd'", rs1: "rd'" }),
  row('c.srai', "100 uimm[5] 01 rd' uimm[4:0] 01", ["rd'", 'shamt'], { instruction: 'srai', rd: "rd'", rs1: "rd'" }),
  row('c.andi', "100 imm[5] 10 rd' imm[4:0] 01", ["rd'", 'imm'], { instruction: 'andi', rd: "rd'", rs1: "rd'" }),
  alu('c.sub', '100011', '00', 'sub'),
  alu('c.xor', '100011', '01', 'xor'),
  alu('c.or', '100011', '10', 'or'),
  alu('c.and', '100011', '11', 'and'),
  alu('c.subw', '100111', '00', 'subw'),
  alu('c.addw', '100111', '01', 'addw'),
  alu('c.mul', '100111', '10', 'mul', zcb),
  extend('c.zext.b', '000', { instruction: 'andi', immediate: 0xff }),
  extend('c.sext.b', '001', { instruction: 'sext.b' }),
  extend('c.zext.h', '010', { instruction: 'zext.h' }),
  extend('c.sext.h', '011', { instruction: 'sext.h' }),
  extend('c.zext.w', '100', { instruction: 'add.uw', rs2: 0 }),
  extend('c.not', '101', { instruction: 'xori', immediate: -1 }),
  row('c.j', '101 imm[11|4|9:8|10|6|7|3:1|5] 01', ['target'], { instruction: 'jal', rd: 0 }),
  row('c.beqz', "110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", ["rs1'", 'target'], {
    instruction: 'beq',
    rs1: "rs1'",
    rs2: 0,
  }),
  row('c.bnez', "111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", ["rs1'", 'target'], {
    instruction: 'bne',
    rs1: "rs1'",
    rs2: 0,
  }),

  // Quadrant 2
  row('c.slli', '000 uimm[5] rd uimm[4:0] 10', ['rd', 'shamt'], { instruction: 'slli', rd: 'rd', rs1: 'rd' }),
  double('c.fldsp', '001 uimm[5] rd uimm[4:3|8:6] 10', ['frd', 'imm(sp)'], { instruction: 'fld', rd: 'rd', rs1: SP }),
  row('c.lwsp', '010 uimm[5] rd!=0 uimm[4:2|7:6] 10', ['rd', 'imm(sp)'], { instruction: 'lw', rd: 'rd', rs1: SP }),
  row('c.ldsp', '011 uimm[5] rd!=0 uimm[4:3|8:6] 10', ['rd', 'imm(sp)'], { instruction: 'ld', rd: 'rd', rs1: SP }),
  row('c.jr', '100 0 rs1!=0 00000 10', ['rs1'], { instruction: 'jalr', rd: 0, rs1: 'rs1' }),
  row('c.mv', '100 0 rd rs2!=0 10', ['rd', 'rs2'], { instruction: 'add', rd: 'rd', rs1: 0, rs2: 'rs2' }),
  row('c.ebreak', '100 1 00000 00000 10', [], { instruction: 'ebreak' }),
  row('c.jalr', '100 1 rs1!=0 00000 10', ['rs1'], { instruction: 'jalr', rd: 1, rs1: 'rs1' }),
  row('c.add', '100 1 rd rs2!=0 10', ['rd', 'rs2'], { instruction: 'add', rd: 'rd', rs1: 'rd', rs2: 'rs2' }),
  double('c.fsdsp', '101 uimm[5:3|8:6] rs2 10', ['frs2', 'imm(sp)'], { instruction: 'fsd', rs2: 'rs2', rs1: SP }),
  row('c.swsp', '110 uimm[5:2|7:6] rs2 10', ['rs2', 'imm(sp)'], { instruction: 'sw', rs2: 'rs2', rs1: SP }),
  row('c.sdsp', '111 uimm[5:3|8:6] rs2 10', ['rs2', 'imm(sp)'], { instruction: 'sd', rs2: 'rs2', rs1: SP }),
];
