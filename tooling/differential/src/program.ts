/**
 * A batch of sequences as one program at fixed virtual addresses. Each sequence loads its whole register state from its
 * record, runs, and stores the state back to the same record; at the end the program writes all records and windows to
 * standard output and exits (Linux system calls, which a bare machine sees as one environment call).
 */
import type { Encoder, Fields } from './encoder.ts';
import {
  emitSlots,
  FCSR_OFFSET,
  FLOAT_OFFSET,
  type Instruction,
  RECORD_BYTES,
  type Sequence,
  WINDOW_BYTES,
} from './sequence.ts';

export const CODE_BASE = 0x1000_0000;
export const DATA_BASE = 0x1040_0000;

const CACHE_BLOCK = 64;

const SYSCALL_WRITE = 64;
const SYSCALL_EXIT_GROUP = 94;
const SYSCALL_SIGALTSTACK = 132;
const SYSCALL_SIGACTION = 134;
const SIGILL = 4;
/** SA_SIGINFO and SA_ONSTACK. */
const SIGNAL_FLAGS = 0x0800_0004;
/** Offset of the program counter in struct ucontext: after uc_flags, uc_link, uc_stack and 128 bytes of uc_sigmask. */
const UCONTEXT_PC = 8 + 8 + 24 + 128 + 8;
const SIGNAL_STACK_BYTES = 0x1_0000;

export interface Program {
  readonly sequences: readonly Sequence[];
  /** Loaded at CODE_BASE, which is also the entry of a bare machine. */
  readonly code: Uint8Array;
  /** Entry of the Linux process, which first takes the signal of illegal instructions. */
  readonly linuxEntry: number;
  /** Loaded at DATA_BASE; what is compared at the end. */
  readonly data: Uint8Array;
  /** Where the windows start in `data`. */
  readonly windowsOffset: number;
  /** Address of the body of each sequence, and of the end of the last. */
  readonly starts: readonly number[];
}

class CodeBuffer {
  readonly #encoder: Encoder;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  get address(): number {
    return CODE_BASE + this.#length;
  }

  get contents(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  word(word: number, size: 2 | 4): void {
    this.#reserve(size);
    for (let i = 0; i < size; i++) this.#bytes[this.#length++] = word >>> (8 * i);
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  add(name: string, fields: Fields): void {
    this.word(this.#encoder.encode(name, fields), 4);
  }

  /** A positive 31-bit constant in two instructions. */
  load(rd: number, value: number): void {
    this.add('lui', { rd, imm: (value + 0x800) & ~0xfff });
    this.add('addi', { rd, rs1: rd, imm: (value << 20) >> 20 });
  }

  instruction({ word, size }: Instruction): void {
    this.word(word, size);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length + bytes);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Any register but `pointer`; it is loaded after, and stored before, it serves for fcsr. */
const scratchFor = (pointer: number): number => (pointer === 5 ? 6 : 5);

const SP = 2;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const A7 = 17;
const S0 = 8;
const S1 = 9;

/**
 * The entry under Linux: a handler for SIGILL that steps over the instruction, on a stack of its own below the present
 * one, because sp is a register like any other in the sequences. A bare machine brings its own trap handler.
 */
const catchIllegal = (code: CodeBuffer): number => {
  const handler = code.address;
  // handler(signal, siginfo, ucontext): pc += (half at pc & 3) == 3 ? 4 : 2
  code.add('ld', { rd: 5, rs1: A2, imm: UCONTEXT_PC });
  code.add('lhu', { rd: 6, rs1: 5 });
  code.add('andi', { rd: 6, rs1: 6, imm: 3 });
  code.add('sltiu', { rd: 6, rs1: 6, imm: 3 });
  code.add('slli', { rd: 6, rs1: 6, shamt: 1 });
  code.add('addi', { rd: 5, rs1: 5, imm: 4 });
  code.add('sub', { rd: 5, rs1: 5, rs2: 6 });
  code.add('sd', { rs1: A2, rs2: 5, imm: UCONTEXT_PC });
  code.add('jalr', { rs1: 1 });

  const entry = code.address;
  code.load(5, SIGNAL_STACK_BYTES);
  code.add('sub', { rd: S0, rs1: SP, rs2: 5 });
  code.add('addi', { rd: SP, rs1: SP, imm: -64 });
  // stack_t: ss_sp, ss_flags, ss_size
  code.add('sub', { rd: S0, rs1: S0, rs2: 5 });
  code.add('sd', { rs1: SP, rs2: S0 });
  code.add('sd', { rs1: SP, rs2: 0, imm: 8 });
  code.add('sd', { rs1: SP, rs2: 5, imm: 16 });
  code.add('addi', { rd: A0, rs1: SP });
  code.add('addi', { rd: A1 });
  code.add('addi', { rd: A7, imm: SYSCALL_SIGALTSTACK });
  code.add('ecall', {});
  // struct sigaction of the kernel: handler, flags, mask
  code.load(5, handler);
  code.add('sd', { rs1: SP, rs2: 5 });
  code.load(5, SIGNAL_FLAGS);
  code.add('sd', { rs1: SP, rs2: 5, imm: 8 });
  code.add('sd', { rs1: SP, rs2: 0, imm: 16 });
  code.add('addi', { rd: A0, imm: SIGILL });
  code.add('addi', { rd: A1, rs1: SP });
  code.add('addi', { rd: A2 });
  code.add('addi', { rd: 13, imm: 8 });
  code.add('addi', { rd: A7, imm: SYSCALL_SIGACTION });
  code.add('ecall', {});
  code.load(5, CODE_BASE);
  code.add('jalr', { rs1: 5 });
  return entry;
};

/** Loads the state from the record that `pointer` holds. */
const createEntry = (encoder: Encoder, pointer: number): Uint8Array => {
  const code = new CodeBuffer(encoder);
  const scratch = scratchFor(pointer);
  code.add('ld', { rd: scratch, rs1: pointer, imm: FCSR_OFFSET });
  code.add('csrrw', { csr: 3, rs1: scratch });
  for (let i = 0; i < 32; i++) code.add('fld', { rd: i, rs1: pointer, imm: FLOAT_OFFSET + 8 * i });
  for (let i = 1; i < 32; i++) if (i !== pointer) code.add('ld', { rd: i, rs1: pointer, imm: 8 * i });
  return code.contents;
};

/** Stores the state there. */
const createExit = (encoder: Encoder, pointer: number): Uint8Array => {
  const code = new CodeBuffer(encoder);
  const scratch = scratchFor(pointer);
  for (let i = 0; i < 32; i++) code.add('sd', { rs2: i, rs1: pointer, imm: 8 * i });
  for (let i = 0; i < 32; i++) code.add('fsd', { rs2: i, rs1: pointer, imm: FLOAT_OFFSET + 8 * i });
  code.add('csrrs', { rd: scratch, csr: 3 });
  code.add('sd', { rs2: scratch, rs1: pointer, imm: FCSR_OFFSET });
  return code.contents;
};

const finish = (code: CodeBuffer, length: number): void => {
  code.load(S0, DATA_BASE);
  code.load(S1, length);
  const loop = code.address;
  code.add('addi', { rd: A7, imm: SYSCALL_WRITE });
  code.add('addi', { rd: A0, imm: 1 });
  code.add('addi', { rd: A1, rs1: S0 });
  code.add('addi', { rd: A2, rs1: S1 });
  code.add('ecall', {});
  code.add('add', { rd: S0, rs1: S0, rs2: A0 });
  code.add('sub', { rd: S1, rs1: S1, rs2: A0 });
  code.add('bne', { rs1: S1, imm: loop - code.address });
  code.add('addi', { rd: A7, imm: SYSCALL_EXIT_GROUP });
  code.add('addi', { rd: A0 });
  code.add('ecall', {});
};

const layOut = (
  sequences: readonly Sequence[],
  encoder: Encoder,
  entries: readonly Uint8Array[],
  exits: readonly Uint8Array[],
): Program => {
  const windowsOffset = Math.ceil((sequences.length * RECORD_BYTES) / CACHE_BLOCK) * CACHE_BLOCK;
  const data = new Uint8Array(windowsOffset + sequences.length * WINDOW_BYTES);
  const view = new DataView(data.buffer);
  const code = new CodeBuffer(encoder);
  const starts: number[] = [];
  sequences.forEach((sequence, index) => {
    const record = index * RECORD_BYTES;
    const window = windowsOffset + index * WINDOW_BYTES;
    sequence.x.forEach((value, register) => {
      const offset = sequence.bases.get(register);
      const placed = offset === undefined ? value : BigInt(DATA_BASE + window + offset);
      view.setBigUint64(record + 8 * register, register === 0 ? 0n : placed, true);
    });
    view.setBigUint64(record + 8 * sequence.pointer, BigInt(DATA_BASE + record), true);
    sequence.f.forEach((value, register) => view.setBigUint64(record + FLOAT_OFFSET + 8 * register, value, true));
    view.setBigUint64(record + FCSR_OFFSET, BigInt(sequence.fcsr), true);
    data.set(sequence.window, window);

    code.load(sequence.pointer, DATA_BASE + record);
    code.append(entries[sequence.pointer]);
    starts.push(code.address);
    for (const instruction of emitSlots(sequence.slots, code.address)) code.instruction(instruction);
    code.append(exits[sequence.pointer]);
  });
  starts.push(code.address);
  finish(code, data.length);
  const linuxEntry = catchIllegal(code);
  return { sequences, code: code.contents, data, windowsOffset, starts, linuxEntry };
};

/** Lays out sequences as one program. */
export const createAssembler = (encoder: Encoder): ((sequences: readonly Sequence[]) => Program) => {
  const entries = Array.from({ length: 32 }, (_, pointer) => createEntry(encoder, pointer));
  const exits = Array.from({ length: 32 }, (_, pointer) => createExit(encoder, pointer));
  return (sequences) => layOut(sequences, encoder, entries, exits);
};
