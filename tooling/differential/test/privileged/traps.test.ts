import { describe, it } from 'vitest';
import { attempt, DATA, inMode, note, type Privilege, SUPERVISOR, USER } from './directed-program.ts';
import { delegated, expectOnCore, expectWithWitness, trap, value } from './witness.ts';

const ILLEGAL = 2;
const BREAKPOINT = 3;
const ECALL_U = 8;
const ECALL_S = 9;
const ECALL_M = 11;

/** Bits of mstatus. */
const MIE = 1 << 3;
const MPIE = 1 << 7;

const OPEN = `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0`;

const set = (csr: string, bits: bigint | number, code: string): string => `
  li t0, ${bits}
  csrs ${csr}, t0
${code}
  li t0, ${bits}
  csrc ${csr}, t0`;

const ENCODINGS = {
  'csrr a0, mstatus': 0x3000_2573,
  'csrw sepc, a0': 0x1415_1073,
  'csrr a0, satp': 0x1800_2573,
  'csrw cycle, a0': 0xc005_1073,
  'csrr a0, cycle': 0xc000_2573,
  'csrr a0, time': 0xc010_2573,
  'csrr a0, instret': 0xc020_2573,
  'csrr a0, 0x5c0': 0x5c00_2573,
  'csrr a0, stimecmp': 0x14d0_2573,
  mret: 0x3020_0073,
  sret: 0x1020_0073,
  wfi: 0x1050_0073,
  'sfence.vma': 0x1200_0073,
  'fadd.d fa0, fa0, fa0': 0x02a5_7553,
  'csrr a0, fflags': 0x0010_2573,
  'fld fa0, 0(a0)': 0x0005_3507,
} as const;
type Encoded = keyof typeof ENCODINGS;

const NAMES = { 0: 'U', 1: 'S', 3: 'M' } as const;
const ECALLS = { 0: ECALL_U, 1: ECALL_S, 3: ECALL_M } as const;
const illegal = (instruction: Encoded, from: Privilege): string => trap(ILLEGAL, ENCODINGS[instruction], NAMES[from]);
const fine = (from: Privilege): string => trap(ECALLS[from], 0, NAMES[from]);
const run = (privilege: Privilege, instruction: Encoded): string => inMode(privilege, `\n  ${instruction}`);

describe('traps', () => {
  it('tell environment calls of the three modes apart', () =>
    expectWithWitness({ source: OPEN + attempt('  ecall') + inMode(SUPERVISOR, '') + inMode(USER, '') }, [
      trap(ECALL_M, 0, 'M'),
      trap(ECALL_S, 0, 'S'),
      trap(ECALL_U, 0, 'U'),
    ]));

  it('go to S-mode when delegated, but never down from M-mode', () =>
    expectWithWitness(
      {
        source: `${OPEN}
  li t0, 0x104
  csrw medeleg, t0
${inMode(USER, '')}
${inMode(USER, '\n  csrr a0, 0x5c0')}
${inMode(SUPERVISOR, '\n  csrr a0, 0x5c0')}
${attempt('  csrr a0, 0x5c0')}`,
      },
      [
        delegated(ECALL_U, 0, 'U'),
        fine(SUPERVISOR),
        delegated(ILLEGAL, ENCODINGS['csrr a0, 0x5c0'], 'U'),
        fine(SUPERVISOR),
        delegated(ILLEGAL, ENCODINGS['csrr a0, 0x5c0'], 'S'),
        fine(SUPERVISOR),
        illegal('csrr a0, 0x5c0', 3),
      ],
    ));

  it('report a breakpoint with its address', () =>
    expectOnCore(
      {
        source: `
${attempt('91: ebreak')}
  la a0, 91b
  csrr a1, mtval
  sub a1, a1, a0
  csrr a2, mcause
${note('a1')}
${note('a2')}
  li s11, 0x80200000
${note('a1')}
${note('a2')}`,
      },
      [value(0), value(BREAKPOINT)],
    ));

  it('stack the interrupt enable, and unstack it at the return', () => {
    const status = (mask: number): string => `\n  csrr a0, mstatus\n  andi a0, a0, ${mask}${note('a0')}`;
    return expectWithWitness(
      {
        source: `
  la t0, 5f
  csrw mtvec, t0
  csrsi mstatus, 8
  la s10, 6f
  ecall
6:${status(MIE | MPIE)}
  csrci mstatus, 8
  la s10, 7f
  ecall
7:${status(MIE | MPIE)}
  j 8f
.balign 4
5:${status(MIE | MPIE)}
  csrw mepc, s10
  mret
8:
  la t0, trap_to_machine
  csrw mtvec, t0`,
      },
      [value(MPIE), value(MIE | MPIE), value(0), value(MPIE)],
    );
  });

  it('refuse what belongs to a higher mode or does not exist', () =>
    expectWithWitness(
      {
        source: [
          OPEN,
          run(SUPERVISOR, 'csrr a0, mstatus'),
          run(USER, 'csrw sepc, a0'),
          run(SUPERVISOR, 'csrw cycle, a0'),
          run(SUPERVISOR, 'csrr a0, 0x5c0'),
          run(SUPERVISOR, 'mret'),
          run(USER, 'sret'),
          run(USER, 'wfi'),
          run(USER, 'sfence.vma'),
          run(SUPERVISOR, 'sfence.vma'),
        ].join(''),
      },
      [
        illegal('csrr a0, mstatus', SUPERVISOR),
        illegal('csrw sepc, a0', USER),
        illegal('csrw cycle, a0', SUPERVISOR),
        illegal('csrr a0, 0x5c0', SUPERVISOR),
        illegal('mret', SUPERVISOR),
        illegal('sret', USER),
        illegal('wfi', USER),
        illegal('sfence.vma', USER),
        fine(SUPERVISOR),
      ],
    ));

  it('obey TSR, TVM and TW', () =>
    expectWithWitness(
      {
        source:
          OPEN +
          set('mstatus', 1 << 22, run(SUPERVISOR, 'sret')) +
          set('mstatus', 1 << 20, run(SUPERVISOR, 'csrr a0, satp') + run(SUPERVISOR, 'sfence.vma')) +
          set('mstatus', 1 << 21, run(SUPERVISOR, 'wfi')) +
          run(SUPERVISOR, 'csrr a0, satp'),
      },
      [
        illegal('sret', SUPERVISOR),
        illegal('csrr a0, satp', SUPERVISOR),
        illegal('sfence.vma', SUPERVISOR),
        illegal('wfi', SUPERVISOR),
        fine(SUPERVISOR),
      ],
    ));

  it('return from S-mode to U-mode with sret', () =>
    expectWithWitness(
      {
        source: `${OPEN}${inMode(
          SUPERVISOR,
          `
  la t0, 3f
  csrw sepc, t0
  li t0, 0x100
  csrc sstatus, t0
  sret
3:`,
        )}`,
      },
      [fine(USER)],
    ));

  it('refuse floating point while mstatus.FS is off, and mark it dirty when it is used', () =>
    expectWithWitness(
      {
        source: `${OPEN}
  li t0, 0x6000
  csrc mstatus, t0
  li a0, ${DATA}
${attempt('  fadd.d fa0, fa0, fa0')}
${attempt('  csrr a0, fflags')}
${attempt('  fld fa0, 0(a0)')}
  li t0, 0x2000
  csrs mstatus, t0
  csrr a1, mstatus
  srli a1, a1, 13
  andi a1, a1, 3
${note('a1')}
  fld fa0, 0(a0)
  csrr a1, mstatus
  srli a1, a1, 13
  andi a1, a1, 3
${note('a1')}
  csrr a1, mstatus
  srli a1, a1, 63
${note('a1')}`,
      },
      [
        illegal('fadd.d fa0, fa0, fa0', 3),
        illegal('csrr a0, fflags', 3),
        illegal('fld fa0, 0(a0)', 3),
        value(1),
        value(3),
        value(1),
      ],
    ));

  it('open the counters to lower modes bit by bit', () =>
    expectWithWitness(
      {
        source: `${OPEN}
  csrw mcounteren, zero
  csrw scounteren, zero
${run(SUPERVISOR, 'csrr a0, cycle')}
  csrwi mcounteren, 5
${run(SUPERVISOR, 'csrr a0, cycle')}${run(SUPERVISOR, 'csrr a0, time')}${run(SUPERVISOR, 'csrr a0, instret')}
${run(USER, 'csrr a0, cycle')}
  csrwi scounteren, 4
${run(USER, 'csrr a0, instret')}${run(USER, 'csrr a0, cycle')}
  csrwi mcounteren, 0
${run(USER, 'csrr a0, instret')}`,
      },
      [
        illegal('csrr a0, cycle', SUPERVISOR),
        fine(SUPERVISOR),
        illegal('csrr a0, time', SUPERVISOR),
        fine(SUPERVISOR),
        illegal('csrr a0, cycle', USER),
        fine(USER),
        illegal('csrr a0, cycle', USER),
        illegal('csrr a0, instret', USER),
      ],
    ));

  it('count retired instructions, and stop counting when inhibited', () =>
    expectOnCore(
      {
        source: `
  csrr a0, minstret
  nop
  nop
  csrr a1, minstret
  sub a1, a1, a0
${note('a1')}
  csrwi mcountinhibit, 4
  csrr a0, minstret
  nop
  csrr a1, minstret
  sub a1, a1, a0
${note('a1')}
  csrwi mcountinhibit, 0
  li a0, 1000
  csrw minstret, a0
  csrr a1, minstret
${note('a1')}`,
      },
      // A write takes effect after the instruction that makes it, in place of its own increment.
      [value(3), value(0), value(1000)],
    ));
});
