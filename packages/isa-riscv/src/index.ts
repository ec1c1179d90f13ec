/**
 * The RISC-V instruction table: encoding, operands, assembler syntax and semantics of each instruction in one place.
 * Decoder, assembler, disassembler and CPU cores come from it; an instruction that is wrong is wrong here only.
 *
 * It holds RV64GC with Zicsr, Zifencei, Zicntr, Zihintpause, Zihintntl, Zicond, Zawrs, Zfa, Zfhmin, Zba, Zbb, Zbc, Zbs,
 * Zcb, Zicbom, Zicboz, Zicbop and Svinval, and the instructions of the privileged manual for M- and S-mode.
 *
 * Specification: The RISC-V Instruction Set Manual, volumes I (unprivileged) and II (privileged),
 * https://docs.riscv.org/reference/isa/
 *
 * @example
 * import { assemble, createDecoder, disassemble, instructions } from '@vivarium/isa-riscv';
 *
 * const { bytes } = assemble('loop: addi a0, a0, -1\n bnez a0, loop', { base: 0x80000000n });
 * const word = new DataView(bytes.buffer).getUint32(0, true);
 *
 * const decoder = createDecoder();
 * const number = decoder.decode(word);        // its row's place in `instructions`, or −1 when illegal
 * instructions[number]?.name;                 // 'addi'
 * instructions[number]?.semantics;            // [{ kind: 'set-x', value: … }]
 * decoder.immediate(number, word);            // −1
 * decoder.expandCompressed(0x157d);           // the same word, from c.addi
 * disassemble(word, 0x80000000n);             // 'addi a0,a0,-1'
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
