/**
 * The RISC-V instruction table: encoding, operands, assembler syntax and semantics of each instruction of
 * RV64GC_Zicsr_Zifencei_Zicntr_Zihintpause_Zihintntl_Zicond_Zawrs_Zfa_Zfhmin_Zba_Zbb_Zbc_Zbs_Zcb_Zicbom_Zicboz_Zicbop
 * _Svinval and of the privileged manual, in one place. Decoder, assembler, disassembler and CPU cores come from it.
 *
 * Specification: The RISC-V Instruction Set Manual, volumes I and II, https://docs.riscv.org/reference/isa/
 *
 * @module
 */
export { type Alias, aliases } from './aliases.ts';
export { type AssembledProgram, type AssembleOptions, assemble } from './assembler/assembler.ts';
export { ExceptionCause, InterruptCause } from './causes.ts';
export type { CompressedOperand, CompressedRow, Expansion } from './compressed-row.ts';
export { compressedInstructions } from './compressed.ts';
export { CSR, csrNames, csrNumbers } from './csr.ts';
export { createDecoder, type Decoder } from './decoder.ts';
export { type DisassembleOptions, disassemble } from './disassembler.ts';
export { type Encoding, type EncodingField, extractField, insertField, parseEncoding } from './encoding.ts';
export { errorTable } from './errors.ts';
export { type Format, formats, type ImmediateKind, type Operand } from './format.ts';
export { immediateOf } from './immediate.ts';
export type { InstructionRow, RegisterFile } from './instruction-row.ts';
export { instructions } from './instructions.ts';
export {
  floatConstants,
  floatRegister,
  floatRegisterNames,
  integerRegister,
  integerRegisterNames,
  roundingModeNames,
} from './registers.ts';
export * from './semantics.ts';
export * from './translation.ts';
