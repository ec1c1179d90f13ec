/**
 * Pseudo-instructions that are one instruction with some fields fixed (unprivileged manual, appendix "RISC-V Assembly
 * Programmer's Handbook", and those of Zba, Zbb and Zihintntl). The assembler reads all of them; the disassembler
 * prints the first that fits, so special cases come first.
 */
import { CSR } from './csr.ts';
import type { Operand } from './format.ts';

export interface Alias {
  readonly name: string;
  readonly instruction: string;
  readonly operands: readonly Operand[];
  /** Fields with a given value: a field of the encoding, or `imm` for the whole immediate. */
  readonly fixed: Readonly<Record<string, number>>;
  /** rs2 equals rs1, and is not written. */
  readonly repeatsSource: boolean;
  /** The disassembler prints it. */
  readonly printed: boolean;
}

const alias = (
  name: string,
  instruction: string,
  operands: readonly Operand[],
  fixed: Readonly<Record<string, number>> = {},
): Alias => ({ name, instruction, operands, fixed, repeatsSource: false, printed: true });

/** Read by the assembler, never printed. */
const spelling = (name: string, instruction: string, operands: readonly Operand[], fixed = {}): Alias => ({
  ...alias(name, instruction, operands, fixed),
  printed: false,
});

const ALL = 0b1111;

const floatAliases = (format: 's' | 'd'): readonly Alias[] => [
  ...(['sgnj:fmv', 'sgnjn:fneg', 'sgnjx:fabs'] as const).map((pair) => {
    const [from, name] = pair.split(':');
    return { ...alias(`${name}.${format}`, `f${from}.${format}`, ['frd', 'frs1']), repeatsSource: true };
  }),
  spelling(`fgt.${format}`, `flt.${format}`, ['rd', 'frs2', 'frs1']),
  spelling(`fge.${format}`, `fle.${format}`, ['rd', 'frs2', 'frs1']),
  spelling(`fgtq.${format}`, `fltq.${format}`, ['rd', 'frs2', 'frs1']),
  spelling(`fgeq.${format}`, `fleq.${format}`, ['rd', 'frs2', 'frs1']),
];

/** Reads and writes of a CSR of F with its own mnemonics. */
const floatStatus = (read: string, write: string, csr: number): readonly Alias[] => [
  alias(read, 'csrrs', ['rd'], { csr, rs1: 0 }),
  alias(write, 'csrrw', ['rs1'], { csr, rd: 0 }),
  alias(write, 'csrrw', ['rd', 'rs1'], { csr }),
];
const floatStatusImmediate = (write: string, csr: number): readonly Alias[] => [
  alias(write, 'csrrwi', ['uimm'], { csr, rd: 0 }),
  alias(write, 'csrrwi', ['rd', 'uimm'], { csr }),
];

export const aliases: readonly Alias[] = [
  alias('nop', 'addi', [], { rd: 0, rs1: 0, imm: 0 }),
  alias('li', 'addi', ['rd', 'imm'], { rs1: 0 }),
  alias('mv', 'addi', ['rd', 'rs1'], { imm: 0 }),
  spelling('move', 'addi', ['rd', 'rs1'], { imm: 0 }),
  alias('not', 'xori', ['rd', 'rs1'], { imm: -1 }),
  alias('zext.b', 'andi', ['rd', 'rs1'], { imm: 0xff }),
  alias('neg', 'sub', ['rd', 'rs2'], { rs1: 0 }),
  alias('negw', 'subw', ['rd', 'rs2'], { rs1: 0 }),
  alias('sext.w', 'addiw', ['rd', 'rs1'], { imm: 0 }),
  alias('zext.w', 'add.uw', ['rd', 'rs1'], { rs2: 0 }),
  alias('seqz', 'sltiu', ['rd', 'rs1'], { imm: 1 }),
  alias('snez', 'sltu', ['rd', 'rs2'], { rs1: 0 }),
  alias('sltz', 'slt', ['rd', 'rs1'], { rs2: 0 }),
  alias('sgtz', 'slt', ['rd', 'rs2'], { rs1: 0 }),
  spelling('sgt', 'slt', ['rd', 'rs2', 'rs1']),
  spelling('sgtu', 'sltu', ['rd', 'rs2', 'rs1']),
  alias('ntl.p1', 'add', [], { rd: 0, rs1: 0, rs2: 2 }),
  alias('ntl.pall', 'add', [], { rd: 0, rs1: 0, rs2: 3 }),
  alias('ntl.s1', 'add', [], { rd: 0, rs1: 0, rs2: 4 }),
  alias('ntl.all', 'add', [], { rd: 0, rs1: 0, rs2: 5 }),

  alias('beqz', 'beq', ['rs1', 'target'], { rs2: 0 }),
  alias('bnez', 'bne', ['rs1', 'target'], { rs2: 0 }),
  alias('blez', 'bge', ['rs2', 'target'], { rs1: 0 }),
  alias('bgez', 'bge', ['rs1', 'target'], { rs2: 0 }),
  alias('bltz', 'blt', ['rs1', 'target'], { rs2: 0 }),
  alias('bgtz', 'blt', ['rs2', 'target'], { rs1: 0 }),
  spelling('bgt', 'blt', ['rs2', 'rs1', 'target']),
  spelling('ble', 'bge', ['rs2', 'rs1', 'target']),
  spelling('bgtu', 'bltu', ['rs2', 'rs1', 'target']),
  spelling('bleu', 'bgeu', ['rs2', 'rs1', 'target']),
  alias('j', 'jal', ['target'], { rd: 0 }),
  alias('jal', 'jal', ['target'], { rd: 1 }),
  alias('ret', 'jalr', [], { rd: 0, rs1: 1, imm: 0 }),
  alias('jr', 'jalr', ['rs1'], { rd: 0, imm: 0 }),
  alias('jr', 'jalr', ['imm(rs1)'], { rd: 0 }),
  alias('jalr', 'jalr', ['rs1'], { rd: 1, imm: 0 }),
  alias('jalr', 'jalr', ['imm(rs1)'], { rd: 1 }),
  spelling('jalr', 'jalr', ['rd', 'rs1'], { imm: 0 }),
  spelling('jalr', 'jalr', ['rd', 'rs1', 'imm']),

  alias('unimp', 'csrrw', [], { rd: 0, rs1: 0, csr: CSR.cycle }),
  alias('rdcycle', 'csrrs', ['rd'], { rs1: 0, csr: CSR.cycle }),
  alias('rdtime', 'csrrs', ['rd'], { rs1: 0, csr: CSR.time }),
  alias('rdinstret', 'csrrs', ['rd'], { rs1: 0, csr: CSR.instret }),
  ...floatStatus('frcsr', 'fscsr', CSR.fcsr),
  ...floatStatus('frrm', 'fsrm', CSR.frm),
  ...floatStatus('frflags', 'fsflags', CSR.fflags),
  ...floatStatusImmediate('fsrmi', CSR.frm),
  ...floatStatusImmediate('fsflagsi', CSR.fflags),
  alias('csrr', 'csrrs', ['rd', 'csr'], { rs1: 0 }),
  alias('csrw', 'csrrw', ['csr', 'rs1'], { rd: 0 }),
  alias('csrs', 'csrrs', ['csr', 'rs1'], { rd: 0 }),
  alias('csrc', 'csrrc', ['csr', 'rs1'], { rd: 0 }),
  alias('csrwi', 'csrrwi', ['csr', 'uimm'], { rd: 0 }),
  alias('csrsi', 'csrrsi', ['csr', 'uimm'], { rd: 0 }),
  alias('csrci', 'csrrci', ['csr', 'uimm'], { rd: 0 }),
  alias('fence', 'fence', [], { fm: 0, pred: ALL, succ: ALL }),
  alias('sfence.vma', 'sfence.vma', [], { rs1: 0, rs2: 0 }),
  alias('sfence.vma', 'sfence.vma', ['rs1'], { rs2: 0 }),

  ...floatAliases('s'),
  ...floatAliases('d'),
  spelling('fmv.x.s', 'fmv.x.w', ['rd', 'frs1']),
  spelling('fmv.s.x', 'fmv.w.x', ['frd', 'rs1']),
];
