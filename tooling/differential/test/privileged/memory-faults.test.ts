import { describe, it } from 'vitest';
import { attempt, DATA, inMode, NOWHERE, note, SUPERVISOR } from './directed-program.ts';
import { entry, PageTables, RWAD, X } from './page-table.ts';
import { expectOnCore, expectWithWitness, trap, value } from './witness.ts';

const FETCH_ACCESS = 1;
const LOAD_MISALIGNED = 4;
const LOAD_ACCESS = 5;
const STORE_MISALIGNED = 6;
const STORE_ACCESS = 7;
const STORE_PAGE = 15;
const ECALL_S = 9;

const at = (address: bigint, instruction: string): string =>
  attempt(`  li a0, ${address}\n  ${instruction}${note('zero')}`);

describe('memory faults in M-mode', () => {
  // QEMU 7.2 reports what atomics do as loads, here and below.
  it('come from addresses where nothing is', () =>
    expectOnCore(
      {
        source:
          at(NOWHERE, 'lw a1, 0(a0)') +
          at(NOWHERE, 'sw a1, 0(a0)') +
          at(NOWHERE, 'lr.w a1, (a0)') +
          at(NOWHERE, 'amoadd.w a1, a1, (a0)') +
          attempt(`  li a0, ${NOWHERE}\n  jr a0`),
      },
      [
        trap(LOAD_ACCESS, NOWHERE, 'M'),
        trap(STORE_ACCESS, NOWHERE, 'M'),
        trap(LOAD_ACCESS, NOWHERE, 'M'),
        trap(STORE_ACCESS, NOWHERE, 'M'),
        trap(FETCH_ACCESS, NOWHERE, 'M'),
      ],
    ));

  // See above.
  it('come from misaligned atomics, though not from misaligned loads and stores', () =>
    expectOnCore(
      {
        source:
          at(DATA + 1n, 'ld a1, 0(a0)') +
          at(DATA + 3n, 'sd a1, 0(a0)') +
          at(DATA + 2n, 'lr.w a1, (a0)') +
          at(DATA + 4n, 'lr.d a1, (a0)') +
          at(DATA + 2n, 'sc.w a1, a1, (a0)') +
          at(DATA + 4n, 'amoswap.d a1, a1, (a0)') +
          at(DATA + 4n, 'amoswap.w a1, a1, (a0)'),
      },
      [
        value(0),
        value(0),
        trap(LOAD_MISALIGNED, DATA + 2n, 'M'),
        trap(LOAD_MISALIGNED, DATA + 4n, 'M'),
        trap(STORE_MISALIGNED, DATA + 2n, 'M'),
        trap(STORE_MISALIGNED, DATA + 4n, 'M'),
        value(0),
      ],
    ));

  // See above.
  it('change no register', () =>
    expectOnCore(
      {
        source: `
  li a0, ${NOWHERE}
  li a1, 42
${attempt('  lw a1, 0(a0)')}${note('a1')}
${attempt('  amoadd.d a1, a1, (a0)')}${note('a1')}
${attempt('  lw a0, 0(a0)')}${note('a0')}`,
      },
      [
        trap(LOAD_ACCESS, NOWHERE, 'M'),
        value(42),
        trap(STORE_ACCESS, NOWHERE, 'M'),
        value(42),
        trap(LOAD_ACCESS, NOWHERE, 'M'),
        value(NOWHERE),
      ],
    ));
});

describe('code that changes', () => {
  const ADDI = (immediate: number): bigint => BigInt((immediate << 20) | (10 << 15) | (10 << 7) | 0x13);

  it('is fetched anew after fence.i', () =>
    expectWithWitness(
      {
        source: `
  la a2, patch
  li a3, ${ADDI(7)}
  li a4, 2
again:
  li a0, 0
patch:
  addi a0, a0, 1
${note('a0')}
  sw a3, 0(a2)
  fence.i
  addi a4, a4, -1
  bnez a4, again`,
      },
      [value(1), value(7)],
    ));

  it('is the code of the page that is mapped there now', () => {
    const VA = 0x4000_0000n;
    const tables = new PageTables(3);
    tables.set(0x8000_0000n, entry(0x8000_0000n, RWAD | X), 2);
    const place = tables.set(VA, entry(DATA, RWAD | X));
    const RET = 0x8067n;
    const code = (immediate: number): readonly bigint[] => [ADDI(immediate) | (RET << 32n)];
    const call = inMode(SUPERVISOR, `\n  li a0, 0\n  li a1, ${VA}\n  jalr a1${note('a0')}`);
    return expectWithWitness(
      {
        memory: new Map([...tables.memory, [DATA, code(5)], [DATA + 0x1000n, code(9)]]),
        source: `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${BigInt.asIntN(64, tables.satp)}
  csrw satp, t0
  sfence.vma
${call}
  li a2, ${place}
  li a3, ${entry(DATA + 0x1000n, RWAD | X)}
  sd a3, 0(a2)
  sfence.vma
${call}`,
      },
      [value(5), trap(ECALL_S, 0, 'S'), value(9), trap(ECALL_S, 0, 'S')],
    );
  });
});

describe('atomics below translation', () => {
  it('fault as stores on a page that cannot be written, also when sc would fail', () => {
    const VA = 0x4000_0000n;
    const tables = new PageTables(3);
    tables.set(0x8000_0000n, entry(0x8000_0000n, RWAD | X), 2);
    tables.set(VA, entry(DATA, RWAD & ~4n));
    const run = (instruction: string): string =>
      inMode(SUPERVISOR, `\n  li a0, ${VA}\n  ${instruction}${note('zero')}`);
    return expectWithWitness(
      {
        memory: tables.memory,
        source: `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${BigInt.asIntN(64, tables.satp)}
  csrw satp, t0
  sfence.vma
${run('lr.w a1, (a0)')}${run('amoadd.w a1, a1, (a0)')}${run('amomax.d zero, a1, (a0)')}`,
      },
      [value(0), trap(ECALL_S, 0, 'S'), trap(STORE_PAGE, VA, 'S'), trap(STORE_PAGE, VA, 'S')],
    );
  });
});
