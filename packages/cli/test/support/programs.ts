import { assemble } from '@vivarium/isa-riscv';

/** Where the board starts firmware, and what the programs below use of it. */
const HEADER = `
  .equ UART, 0x10000000
  .equ LSR, 5
  .equ THRE, 0x20
  .equ SYSCON, 0x100000
`;

const POWER_OFF = `
  li t0, SYSCON
  li t1, 0x5555
  sw t1, 0(t0)
  j .
`;

/** Writes the zero-terminated text at a0, waiting for the transmitter. */
const PRINT = `
print:
  li t0, UART
1: lbu t1, 0(a0)
  beqz t1, 3f
2: lbu t2, LSR(t0)
  andi t2, t2, THRE
  beqz t2, 2b
  sb t1, 0(t0)
  addi a0, a0, 1
  j 1b
3: ret
`;

const program = (source: string): Uint8Array => assemble(HEADER + source, { base: 0x8000_0000n }).bytes;

/** Small machine-mode programs, one for each way to go well or wrong. */
export const programs = {
  hello: () => program(`la a0, text\n jal print\n ${POWER_OFF}${PRINT}\ntext: .asciz "hello\\n"`),
  failure: (code: number) => program(`li t0, SYSCON\n li t1, 0x3333 | (${code} << 16)\n sw t1, 0(t0)\n j .`),
  reboot: () =>
    program(
      `la a0, text\n jal print\n li t0, SYSCON\n li t1, 0x7777\n sw t1, 0(t0)\n j .${PRINT}\ntext: .asciz "boot\\n"`,
    ),
  /** Sends back what it is sent, until a full stop. */
  echo: () =>
    program(`
      la a0, prompt
      jal print
      li s0, UART
    1: lbu t1, LSR(s0)
      andi t1, t1, 1
      beqz t1, 1b
      lbu s1, 0(s0)
      li t1, '.'
      beq s1, t1, 3f
    2: lbu t1, LSR(s0)
      andi t1, t1, THRE
      beqz t1, 2b
      sb s1, 0(s0)
      j 1b
    3: ${POWER_OFF}${PRINT}
    prompt: .asciz "ready\\n"`),
  /** The same, asleep while nothing is sent. */
  sleepyEcho: () =>
    program(`
      li t0, 0x0c000000
      li t1, 1
      sw t1, 40(t0)
      li t0, 0x0c002000
      li t1, 1 << 10
      sw t1, 0(t0)
      li t0, UART
      li t1, 1
      sb t1, 1(t0)
      la a0, prompt
      jal print
      li t1, 1 << 11
      csrw mie, t1
      li s0, UART
      li s2, 0x0c200004
    1: wfi
      lw s3, 0(s2)
    2: lbu t1, LSR(s0)
      andi t1, t1, 1
      beqz t1, 4f
      lbu s1, 0(s0)
      li t1, '.'
      beq s1, t1, 5f
    3: lbu t1, LSR(s0)
      andi t1, t1, THRE
      beqz t1, 3b
      sb s1, 0(s0)
      j 2b
    4: sw s3, 0(s2)
      j 1b
    5: ${POWER_OFF}${PRINT}
    prompt: .asciz "ready\\n"`),
  /** Prints for ever, as fast as the transmitter takes it. */
  flood: () =>
    program(`
      li t0, UART
      li t1, 'x'
    1: lbu t2, LSR(t0)
      andi t2, t2, THRE
      beqz t2, 1b
      sb t1, 0(t0)
      j 1b`),
  /** Prints for ever without a look at the transmitter. */
  rudeFlood: () => program(`li t0, UART\n li t1, 'x'\n 1: sb t1, 0(t0)\n j 1b`),
  /** Waits for an interrupt that nothing can raise. */
  sleepForever: () => program('csrw mie, zero\n wfi\n j .'),
  /** Waits for a character's interrupt, through the PLIC, then powers off. */
  sleepUntilInput: () =>
    program(`
      li t0, 0x0c000000
      li t1, 1
      sw t1, 40(t0)
      li t0, 0x0c002000
      li t1, 1 << 10
      sw t1, 0(t0)
      li t0, UART
      li t1, 1
      sb t1, 1(t0)
      la a0, text
      jal print
      li t1, 1 << 11
      csrw mie, t1
      wfi
      ${POWER_OFF}${PRINT}
    text: .asciz "asleep\\n"`),
  /** One instruction that jumps to itself, with interrupts off. */
  selfJump: () => program('csrw mie, zero\n j .'),
  /** No trap handler and an instruction that is none: the trap is a trap. */
  trapLoop: () => program('csrw mtvec, zero\n .word 0'),
  /** Supervisor mode on page tables of garbage. */
  wildPageTables: () =>
    program(`
      csrw mtvec, zero
      li t0, -1
      csrw pmpaddr0, t0
      li t0, 0x1f
      csrw pmpcfg0, t0
      la t0, garbage
      srli t0, t0, 12
      li t1, 8 << 60
      or t0, t0, t1
      csrw satp, t0
      li t0, 0x1000
      csrc mstatus, t0
      li t0, 0x800
      csrs mstatus, t0
      la t0, inside
      csrw mepc, t0
      mret
    inside: nop
      j inside
      .balign 4096
    garbage: .dword 0xdeadbeefdeadbeef, 0x5555555555555555, 0xffffffffffffffff`),
  /** Jumps into the registers of the serial port. */
  executeDevice: () => program('csrw mtvec, zero\n li t0, UART\n jr t0'),
  /** Every hart but none stops. */
  counter: () => program(`li s0, 0\n li s1, 200000\n 1: addi s0, s0, 1\n bne s0, s1, 1b\n ${POWER_OFF}`),
} as const;
