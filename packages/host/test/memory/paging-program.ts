import { virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { assemble } from '@vivarium/isa-riscv';

export const RAM_BASE = 0x8000_0000;
/** Where the program's pages of data are, and how many. */
export const DATA = RAM_BASE + 0x10_0000;
export const DATA_PAGES = 64;

/** In S-mode, with page tables: random loads, stores, atomics and calls, and code that changes itself. It never ends. */
const SOURCE = `
  .option norvc
  .equ ROOT, 0x80200000
  .equ L1,   0x80201000
  .equ L0,   0x80202000
  li t0, ROOT
  li t1, (0x80000000 >> 2) | 0xcf     # root[2]: this gigabyte as it is
  sd t1, 16(t0)
  li t1, (L1 >> 2) | 1
  sd t1, 8(t0)                        # root[1]: 0x40000000 on
  li t0, L1
  li t1, (L0 >> 2) | 1
  sd t1, 0(t0)
  li t0, L0
  li t2, 0
1: xori t3, t2, 21                    # pages in another order
  slli t3, t3, 12
  li t4, ${DATA}
  add t3, t3, t4
  srli t3, t3, 2
  ori t3, t3, 0xc7
  slli t4, t2, 3
  add t4, t4, t0
  sd t3, 0(t4)
  addi t2, t2, 1
  li t4, ${DATA_PAGES}
  bltu t2, t4, 1b
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ROOT >> 12
  li t1, 8 << 60
  or t0, t0, t1
  csrw satp, t0
  sfence.vma
  li t0, 0x800
  csrw mstatus, t0
  la t0, main
  csrw mepc, t0
  mret
main:
  li s0, 0x40000000
  li s1, 6364136223846793005
  li s2, 12345
  li s3, ${(DATA_PAGES - 1) * 4096}
  li s6, 0
loop:
  mul s2, s2, s1
  addi s2, s2, 77
  srli t0, s2, 30
  li t1, 0x3fff8
  and t0, t0, t1
  bltu t0, s3, 1f
  mv t0, zero
1: add t0, t0, s0
  srli t1, s2, 58
  andi t1, t1, 7
  beqz t1, atomic
  addi t1, t1, -1
  beqz t1, reserved
  addi t1, t1, -1
  beqz t1, across
  addi t1, t1, -1
  beqz t1, call
  addi t1, t1, -1
  beqz t1, modify
  ld t2, 0(t0)
  add s4, s4, t2
  xor t2, t2, s2
  sd t2, 0(t0)
  j loop
atomic:
  amoadd.d t2, s2, (t0)
  xor s4, s4, t2
  j loop
reserved:
  lr.d t2, (t0)
  add t3, t2, s2
  sc.d t4, t3, (t0)
  add s4, s4, t4
  j loop
across:
  ori t0, t0, 0x7f8
  li t2, 0xffc
  or t0, t0, t2
  ld t3, 0(t0)
  add s4, s4, t3
  sd s2, 0(t0)
  andi t2, s2, 31
  bnez t2, loop
  sfence.vma
  j loop
call:
  srli t1, s2, 50
  andi t1, t1, 3
  slli t1, t1, 12
  la t2, page0
  add t2, t2, t1
  jalr t2
  j loop
modify:                               # addi s5, s5, n in one of the pages
  srli t1, s2, 50
  andi t1, t1, 3
  slli t1, t1, 12
  la t2, page0
  add t2, t2, t1
  srli t3, s2, 20
  andi t3, t3, 0x7ff
  slli t3, t3, 20
  li t4, 0x000a8a93
  or t3, t3, t4
  sw t3, 4(t2)
  fence.i
  addi s6, s6, 1
  j loop
.balign 4096
${[0, 1, 2, 3]
  .map((page) => `page${page}: xor s4, s4, s2\n addi s5, s5, 1\n add s4, s4, s5\n ret\n .balign 4096`)
  .join('\n')}
`;

/** The machine that runs it, on a virtual clock. */
export const pagingMachine = (core: Readonly<Record<string, unknown>>): MachineSpec => {
  const { bytes } = assemble(SOURCE, { base: BigInt(RAM_BASE) });
  return virtBoard({
    memory: 16 * 1024 * 1024,
    clock: 'virtual',
    consoles: [],
    core,
    boot: { kind: 'bios', bios: { name: 'paging.bin', bytes } },
  });
};
