/** A guest that fills memory and then looks again and again whether it still is what it was. */
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { assemble } from '@vivarium/isa-riscv';

export const HOARD_PAGES = 1024;

/**
 * Of four pages, the first is the same in all guests, the second zeroes, the third a guest's own and easy to compress,
 * the fourth random. Prints a full stop for each time that all is right, and an exclamation mark when something is not.
 */
const SOURCE = (seed: number, rounds: number): string => `
  .equ UART, 0x10000000
  .equ HOARD, 0x80200000
  li s0, HOARD
  li s1, ${HOARD_PAGES}
  li s2, ${rounds}
  li s3, ${seed}
  li s11, 6364136223846793005
  li s8, 1                            # the first time, write
round:
  li s4, 0                            # page
  li s9, '.'
  mv s5, s0
page:
  andi t0, s4, 3
  mv s6, s4                           # by the kind: first value, factor, addend
  li s7, 1
  li s10, 1
  beqz t0, 1f
  addi t0, t0, -1
  li s6, 0
  li s10, 0
  beqz t0, 1f
  addi t0, t0, -1
  mv s6, s3
  li s10, 3
  beqz t0, 1f
  slli s6, s4, 32
  add s6, s6, s3
  mv s7, s11
1: li t1, 512
word:
  beqz s8, 2f
  beqz s6, 3f                         # zeroes are there already
  sd s6, 0(s5)
  j 3f
2: ld t2, 0(s5)
  beq t2, s6, 3f
  li s9, '!'
3: mul s6, s6, s7
  add s6, s6, s10
  addi s5, s5, 8
  addi t1, t1, -1
  bnez t1, word
  addi s4, s4, 1
  bltu s4, s1, page
  li s8, 0
  li t0, UART
4: lbu t2, 5(t0)
  andi t2, t2, 0x20
  beqz t2, 4b
  sb s9, 0(t0)
  addi s2, s2, -1
  bnez s2, round
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
  j .
`;

export const hoard = (options: unknown): MachineSpec => {
  const { seed, rounds } = options as { readonly seed: number; readonly rounds: number };
  const { bytes } = assemble(SOURCE(seed, rounds), { base: 0x8000_0000n });
  return virtBoard({
    memory: 16 * 2 ** 20,
    boot: { kind: 'bios', bios: { name: 'hoard', bytes } },
    consoles: [pipeConsole()],
  });
};
