import type { Random } from '../random.ts';
import { DATA, page, USER_BASE } from './layout.ts';

/** Entries in the table of places to go on at. */
const PLACES = 32;
/** Exceptions that S-mode handles, as medeleg: none, all that it can, and some. */
const DELEGATED = [0, 0xb1f4, 0xa1f4, 0x100, 0xb0a0];

/**
 * Boot code, and handlers that step over what trapped. M-mode goes on somewhere in the program when the instruction
 * cannot be read; an interrupt is disabled until the next exception.
 */
export const frameStart = (random: Random, lines: number): string => `
.option norvc
  la t0, machine
  csrw mtvec, t0
  la t0, supervisor
  csrw stvec, t0
  li t0, ${random.pick(DELEGATED)}
  csrw medeleg, t0
  li t0, ${random.below(2) === 0 ? 0x222 : 0}
  csrw mideleg, t0
  li t0, 0xaaa
  csrw mie, t0
  li t0, 7
  csrw mcounteren, t0
  csrw scounteren, t0
  li t0, ${random.below(4) === 0 ? 0 : 0xf0}
  csrw menvcfg, t0
  csrw senvcfg, t0
  ${random.below(2) === 0 ? 'li t0, 1\n  slli t0, t0, 61\n  csrs menvcfg, t0' : ''}
  li s0, ${page(DATA.global)}
  li s1, ${page(DATA.private) - 16}
  li s5, 3
  li a0, 0x123456789
  li a1, -77
  li a2, 2
  li t0, 0x2a00
  csrw mstatus, t0
  fcvt.d.l fa0, a1
  fcvt.d.l fa1, a0
  fcvt.d.l fa2, a2
  la t0, line0
  csrw mepc, t0
  mret

.balign 4
machine:
  csrr t5, mcause
  bltz t5, interrupt
  li t6, 0xaaa
  csrw mie, t6
  addi t6, t5, -1
  beqz t6, lost
  addi t6, t5, -12
  beqz t6, lost
  csrr t5, mepc
  li t6, ${USER_BASE}
  bltu t5, t6, lost
  srli t6, t5, 31
  bnez t6, readable
  li t6, ${page(0) - USER_BASE}
  add t5, t5, t6
readable:
  lhu t6, 0(t5)
  andi t6, t6, 3
  csrr t5, mepc
  addi t5, t5, 2
  addi t6, t6, -3
  bnez t6, short
  addi t5, t5, 2
short:
  csrw mepc, t5
  mret
interrupt:
  li t6, 1
  sll t6, t6, t5
  csrc mie, t6
  mret
lost:
  csrr t5, minstret
  andi t5, t5, ${PLACES - 1}
  slli t5, t5, 3
  la t6, places
  add t5, t5, t6
  ld t5, 0(t5)
  csrw mepc, t5
  li t5, 0x1800
  csrc mstatus, t5
  li t5, 0x800
  csrs mstatus, t5
  mret
.balign 8
places:
${Array.from({ length: PLACES }, () => `.dword line${random.below(lines)}`).join('\n')}

.balign 4096
supervisor:
  csrrw t5, sscratch, t6
  csrr t5, scause
  bltz t5, disable
  li t6, 0x40000
  csrs sstatus, t6
  csrr t5, sepc
  lhu t6, 0(t5)
  andi t6, t6, 3
  addi t5, t5, 2
  addi t6, t6, -3
  bnez t6, brief
  addi t5, t5, 2
brief:
  csrw sepc, t5
  li t6, 0x40000
  csrc sstatus, t6
  csrr t6, sstatus
  sret
disable:
  li t6, 1
  sll t6, t6, t5
  csrc sie, t6
  csrr t6, sscratch
  sret

.balign 4096
`;

export const FRAME_END = `
  ecall
  la t0, line0
  jr t0
`;
