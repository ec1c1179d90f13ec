import { describe, it } from 'vitest';
import { access, DATA, inMode, SUPERVISOR } from './directed-program.ts';
import { A, D, entry, PageTables, R, RWAD, V, X } from './page-table.ts';
import { expectWithWitness, trap, value } from './witness.ts';

const VA = 0x4000_0000n;
const NEXT = VA + 0x1000n;
const LOAD_PAGE = 13;
const STORE_PAGE = 15;
const FETCH_PAGE = 12;
const ECALL_S = 9;
const LOW = 0x1111_2222_3333_4444n;
const HIGH = 0x5555_6666_7777_8888n;

/** Two neighbouring pages that are not neighbours in memory: the second lies before the first. */
const program = (second: bigint, probes: string, words: readonly [bigint, bigint] = [LOW, HIGH]) => {
  const tables = new PageTables(3);
  tables.set(0x8000_0000n, entry(0x8000_0000n, RWAD | X), 2);
  tables.set(VA, entry(DATA + 0x8000n, RWAD | X));
  tables.set(NEXT, second);
  return {
    memory: new Map([...tables.memory, [DATA + 0x8ff8n, [words[0]]], [DATA + 0x3000n, [words[1]]]]),
    source: `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${BigInt.asIntN(64, tables.satp)}
  csrw satp, t0
  sfence.vma
${probes}`,
  };
};

const SECOND = entry(DATA + 0x3000n, RWAD | X);
const load = (width: string, address: bigint) => access(SUPERVISOR, width, address);

describe('accesses that cross into another page', () => {
  it('join both pages', () =>
    expectWithWitness(
      program(
        SECOND,
        load('ld', NEXT - 4n) +
          load('ld', NEXT - 1n) +
          load('lw', NEXT - 2n) +
          load('lhu', NEXT - 1n) +
          access(SUPERVISOR, 'sd', NEXT - 3n, 0x0102_0304_0506_0708n) +
          load('ld', NEXT - 8n) +
          load('ld', NEXT) +
          access(SUPERVISOR, 'sh', NEXT - 1n, 0xaabbn) +
          load('ld', NEXT - 4n),
      ),
      [
        value(0x7777_8888_1111_2222n),
        value(0x5566_6677_7788_8811n),
        value(0xffff_ffff_8888_1111n),
        value(0x8811),
        value(0),
        value(0x0607_0822_3333_4444n),
        value(0x5555_6601_0203_0405n),
        value(0),
        value(0x0203_04aa_bb07_0822n),
      ],
    ));

  it('fault with the address on the second page, and store nothing', () =>
    expectWithWitness(
      program(
        0n,
        load('ld', NEXT - 4n) +
          access(SUPERVISOR, 'sd', NEXT - 4n, 0n) +
          access(SUPERVISOR, 'sh', NEXT - 1n, 0n) +
          load('ld', NEXT - 8n),
      ),
      [trap(LOAD_PAGE, NEXT, 'M'), trap(STORE_PAGE, NEXT, 'M'), trap(STORE_PAGE, NEXT, 'M'), value(LOW)],
    ));

  it('fault when the second page may only be read', () =>
    expectWithWitness(
      program(
        entry(DATA + 0x3000n, V | R | A | D),
        load('ld', NEXT - 4n) + access(SUPERVISOR, 'sd', NEXT - 4n, 0n) + load('ld', NEXT - 8n),
      ),
      [value(0x7777_8888_1111_2222n), trap(STORE_PAGE, NEXT, 'M'), value(LOW)],
    ));

  it('fault on the first page first', () =>
    expectWithWitness(program(SECOND, load('ld', VA - 4n) + access(SUPERVISOR, 'sd', VA - 4n, 0n)), [
      trap(LOAD_PAGE, VA - 4n, 'M'),
      trap(STORE_PAGE, VA - 4n, 'M'),
    ]));

  describe('of instructions', () => {
    /** addi a0, a0, 1 with its halves on both sides; ret follows. */
    const ADDI = 0x0015_0513n;
    const RET = 0x8067n;
    const words: readonly [bigint, bigint] = [(ADDI & 0xffffn) << 48n, (ADDI >> 16n) | (RET << 16n)];
    const call = inMode(SUPERVISOR, `\n  li a0, 0\n  li a1, ${NEXT - 2n}\n  jalr a1`);

    it('execute', () => expectWithWitness(program(SECOND, call, words), [trap(ECALL_S, 0, 'S')]));

    it('fault with mepc at the instruction and mtval on the second page', () =>
      expectWithWitness(program(entry(DATA + 0x3000n, RWAD), call, words), [trap(FETCH_PAGE, NEXT, 'S')]));
  });
});
