/**
 * Directed tests of the privileged architecture: a bare program in M-mode that makes probes and records what came of
 * each. It runs on our core and on qemu-system-riscv64, so that what a test expects has a second witness.
 *
 * Convention: s11 points to the next record, s10 to where to go on after a trap to M-mode. Code of a probe may use any
 * other register but loses t0–t2 at a trap.
 */
import { assemble } from '@vivarium/isa-riscv';

export const RAM_BASE = 0x8000_0000n;
export const RAM_BYTES = 0x400_0000;
/** Where a program may put page tables and data; code lies below. */
export const TABLES = 0x8001_0000n;
export const DATA = 0x8010_0000n;
/** Past the end of RAM. */
export const NOWHERE = 0x9000_0000n;
const RESULTS = 0x8020_0000n;
const MAXIMUM_RECORDS = 256;
const RECORD_BYTES = 32;

export const USER = 0;
export const SUPERVISOR = 1;
export const MACHINE = 3;
export type Privilege = typeof USER | typeof SUPERVISOR | typeof MACHINE;

/** Four 64-bit words: of a trap its cause, mepc, mtval and the privilege it came from; or {@link NOTE}, a value, 0, 0. */
export type Outcome = readonly [bigint, bigint, bigint, bigint];

export const NOTE = 2n ** 64n - 1n;

/** Added to the cause of a trap that went to S-mode. */
export const DELEGATED = 0x100n;

/** Records a register. */
export const note = (register: string): string => `
  li t0, -1
  sd t0, 0(s11)
  sd ${register}, 8(s11)
  sd zero, 16(s11)
  sd zero, 24(s11)
  addi s11, s11, 32`;

/** Runs code in a mode until its own `ecall`, or whatever traps to M-mode first. All traps are recorded, the ecall too. */
export const inMode = (privilege: Privilege, code: string): string => `
  la s10, 91f
  li t0, 0x1800
  csrc mstatus, t0
  li t0, ${privilege << 11}
  csrs mstatus, t0
  la t0, 92f
  csrw mepc, t0
  mret
92:${code}
  ecall
91:`;

/** Code in M-mode of which one instruction may trap; goes on behind it. */
export const attempt = (code: string): string => `
  la s10, 93f
${code}
93:`;

/** One load or store in M-mode as if from `privilege` (mstatus.MPRV). A load records its result, a store a zero. */
export const access = (privilege: Privilege, instruction: string, address: bigint, stored = 0n): string => {
  const isLoad = instruction.startsWith('l');
  return `
  la s10, 94f
  li a0, ${BigInt.asIntN(64, address)}
  li a1, ${BigInt.asIntN(64, stored)}
  li t0, 0x1800
  csrc mstatus, t0
  li t0, ${privilege << 11}
  csrs mstatus, t0
  li t1, 0x20000
  csrs mstatus, t1
  ${instruction} a1, 0(a0)
  csrc mstatus, t1
${note(isLoad ? 'a1' : 'zero')}
94:
  li t1, 0x20000
  csrc mstatus, t1`;
};

const PROLOGUE = `
  li s11, ${RESULTS}
  la s10, finish
  la t0, trap_to_machine
  csrw mtvec, t0
  la t0, trap_to_supervisor
  csrw stvec, t0
  j start
.balign 4
trap_to_machine:
  csrr t0, mcause
  sd t0, 0(s11)
  csrr t0, mepc
  sd t0, 8(s11)
  csrr t0, mtval
  sd t0, 16(s11)
  csrr t0, mstatus
  srli t0, t0, 11
  andi t0, t0, 3
  sd t0, 24(s11)
  addi s11, s11, 32
  csrw mepc, s10
  # Back in M-mode with interrupts off: MPP = 3, MPIE = 0.
  li t0, 0x1880
  csrc mstatus, t0
  li t0, 0x1800
  csrs mstatus, t0
  mret
.balign 4
trap_to_supervisor:
  csrr t0, scause
  addi t0, t0, ${DELEGATED}
  sd t0, 0(s11)
  csrr t0, sepc
  sd t0, 8(s11)
  csrr t0, stval
  sd t0, 16(s11)
  csrr t0, sstatus
  srli t0, t0, 8
  andi t0, t0, 1
  sd t0, 24(s11)
  addi s11, s11, 32
  ecall
start:
`;

/** On our core the run ends by waiting for ever. */
export const CORE_ENDING = `
finish:
  csrw mie, zero
  wfi
  j finish`;

/** Under QEMU the records go out of the UART and the machine powers off (16550 at 0x10000000, test device at 0x100000). */
export const QEMU_ENDING = `
finish:
  li t0, ${RESULTS}
  li t1, 0x10000000
98:
  lbu t2, 5(t1)
  andi t2, t2, 0x40
  beqz t2, 98b
  bgeu t0, s11, 97f
  lbu t2, 0(t0)
  sb t2, 0(t1)
  addi t0, t0, 1
  j 98b
97:
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
96:
  j 96b`;

/** A program as data: assembly source, and 64-bit words at physical addresses. */
export interface DirectedProgram {
  readonly source: string;
  /** Words by address. */
  readonly memory?: ReadonlyMap<bigint, readonly bigint[]>;
}

export interface DirectedImage {
  /** From RAM_BASE on. */
  readonly bytes: Uint8Array;
  readonly symbols: ReadonlyMap<string, bigint>;
}

export const buildImage = (program: DirectedProgram, ending: string): DirectedImage => {
  const { bytes, symbols } = assemble(`${PROLOGUE}${program.source}\n  j finish\n.balign 4${ending}`, {
    base: RAM_BASE,
  });
  const image = new Uint8Array(Number(RESULTS - RAM_BASE));
  if (bytes.length > Number(TABLES - RAM_BASE)) throw new Error('the code runs into the page tables');
  image.set(bytes);
  const view = new DataView(image.buffer);
  for (const [address, words] of program.memory ?? []) {
    words.forEach((word, index) => view.setBigUint64(Number(address - RAM_BASE) + 8 * index, word, true));
  }
  return { bytes: image, symbols };
};

export const RESULTS_BYTES = MAXIMUM_RECORDS * RECORD_BYTES;
export const resultsAddress = Number(RESULTS);

/** Splits what a program recorded. */
export const parseRecords = (bytes: Uint8Array, count = bytes.length / RECORD_BYTES): readonly Outcome[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, index): Outcome => {
    const word = (place: number): bigint => view.getBigUint64(index * RECORD_BYTES + 8 * place, true);
    return [word(0), word(1), word(2), word(3)];
  });
};
