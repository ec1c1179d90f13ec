import { describe, it } from 'vitest';
import { attempt, inMode, note, SUPERVISOR, USER } from './directed-program.ts';
import { expectOnCore, expectWithWitness, interrupt, trap, value } from './witness.ts';

const ECALL_U = 8;
const ECALL_S = 9;
/** Bits of mip and mie. */
const SSIP = 1 << 1;
const STIP = 1 << 5;
const SEIP = 1 << 9;
const S_BITS = SSIP | STIP | SEIP;
const STCE = 1n << 63n;

const OPEN = `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0`;
const write = (csr: string, bits: bigint | number): string =>
  `\n  li t0, ${BigInt.asIntN(64, BigInt(bits))}\n  csrw ${csr}, t0`;
const nop = inMode(SUPERVISOR, '\n  nop');
const done = (from: 'U' | 'S'): string => trap(from === 'U' ? ECALL_U : ECALL_S, 0, from);
const toSupervisor = (cause: number, from: 'U' | 'S'): string => `to S: ${interrupt(cause, from)}`;

describe('interrupts', () => {
  // Section 3.1.9; QEMU without AIA takes the lowest number first.
  it('come in the order external, software, timer', () =>
    expectOnCore(
      {
        source:
          OPEN +
          write('mie', S_BITS) +
          write('mip', S_BITS) +
          nop +
          write('mip', SSIP | STIP) +
          nop +
          write('mip', STIP) +
          nop +
          write('mip', 0) +
          nop,
      },
      [interrupt(9, 'S'), interrupt(1, 'S'), interrupt(5, 'S'), done('S')],
    ));

  it('wait in M-mode for mstatus.MIE', () =>
    expectWithWitness(
      {
        source: `${OPEN}${write('mie', SSIP)}${write('mip', SSIP)}
  nop
${note('zero')}
${attempt('  csrsi mstatus, 8\n  nop\n  nop')}
  csrci mstatus, 8
  csrw mip, zero`,
      },
      [value(0), interrupt(1, 'M')],
    ));

  it('go to S-mode when delegated: from U-mode always, from S-mode with sstatus.SIE', () =>
    expectWithWitness(
      {
        source: `${OPEN}${write('mideleg', S_BITS)}${write('mie', S_BITS)}${write('mip', SSIP)}
${inMode(USER, '\n  nop')}
${nop}
${inMode(SUPERVISOR, '\n  csrsi sstatus, 2\n  nop\n  nop')}
  csrci mstatus, 2
  csrw mip, zero`,
      },
      [toSupervisor(1, 'U'), done('S'), done('S'), toSupervisor(1, 'S'), done('S')],
    ));

  it('never go to M-mode when delegated, even with mstatus.MIE', () =>
    expectWithWitness(
      {
        source: `${OPEN}${write('mideleg', S_BITS)}${write('mie', S_BITS)}${write('mip', S_BITS)}
  csrsi mstatus, 8
  nop
  nop
  csrci mstatus, 8
${note('zero')}`,
      },
      [value(0)],
    ));

  it('show S-mode only what is delegated', () =>
    expectWithWitness(
      {
        source: `${write('mideleg', SSIP | SEIP)}${write('mie', S_BITS)}${write('mip', S_BITS)}
  csrr a0, sip
${note('a0')}
  csrr a0, sie
${note('a0')}
  csrw sie, zero
  csrr a0, mie
${note('a0')}
  csrw sip, zero
  csrr a0, mip
  andi a0, a0, ${S_BITS}
${note('a0')}`,
      },
      // Of sip only the software bit can be written.
      [value(SSIP | SEIP), value(SSIP | SEIP), value(STIP), value(STIP | SEIP)],
    ));

  it('enter at the vector of their cause, exceptions at the base', () =>
    expectWithWitness(
      {
        source: `${write('mie', SSIP)}${write('mip', SSIP)}
  la t0, table
  ori t0, t0, 1
  csrw mtvec, t0
  la s10, 3f
  csrsi mstatus, 8
  nop
  nop
3:
  csrw mip, zero
  la s10, 4f
  ecall
.balign 256
table:
.option norvc
  j exceptions
  j interrupts
exceptions:
  li a0, 100
  j taken
interrupts:
  li a0, 101
taken:
  csrw mie, zero
${note('a0')}
  csrw mepc, s10
  mret
4:
  la t0, trap_to_machine
  csrw mtvec, t0`,
      },
      [value(101), value(100)],
    ));

  it('wake wfi though they are not enabled in mstatus', () =>
    expectWithWitness(
      { source: `${write('mie', SSIP)}${write('mip', SSIP)}\n  wfi\n  csrw mip, zero${note('zero')}` },
      [value(0)],
    ));
});

describe('the timer of Sstc', () => {
  it('is pending while time has reached stimecmp', () =>
    expectWithWitness(
      {
        source: `${write('menvcfg', STCE)}${write('stimecmp', -1)}
  csrr a0, mip
  andi a0, a0, ${STIP}
${note('a0')}
  csrw stimecmp, zero
  csrr a0, mip
  andi a0, a0, ${STIP}
${note('a0')}
${write('mip', 0)}
  csrr a0, mip
  andi a0, a0, ${STIP}
${note('a0')}${write('stimecmp', -1)}
  csrr a0, mip
  andi a0, a0, ${STIP}
${note('a0')}`,
      },
      [value(0), value(STIP), value(STIP), value(0)],
    ));

  it('is closed to S-mode without menvcfg.STCE or mcounteren.TM', () => {
    const probe = inMode(SUPERVISOR, '\n  csrr a0, stimecmp');
    const refused = trap(2, 0x14d0_2573, 'S');
    return expectWithWitness(
      {
        source: `${OPEN}${write('menvcfg', 0)}${write('mcounteren', 2)}${probe}${write('menvcfg', STCE)}${write('mcounteren', 0)}${probe}${write('mcounteren', 2)}${probe}`,
      },
      [refused, refused, done('S')],
    );
  });

  it('ends wfi and interrupts S-mode', () =>
    expectWithWitness(
      {
        source: `${OPEN}${write('menvcfg', STCE)}${write('mcounteren', 2)}${write('mideleg', S_BITS)}${write('mie', STIP)}
${inMode(
  SUPERVISOR,
  `
  csrr a0, time
  li a1, 20000
  add a0, a0, a1
  csrw stimecmp, a0
  wfi
  csrr a1, time
  sltu a2, a1, a0
${note('a2')}
  csrsi sstatus, 2
  nop
  nop`,
)}
${write('stimecmp', -1)}`,
      },
      [value(0), toSupervisor(5, 'S'), done('S')],
    ));

  it('counts at ten million a second of the clock', () =>
    expectOnCore(
      {
        // The virtual clock takes 10 ns for an instruction, a tick is 100 ns.
        source: `
  csrr a0, time
  li a2, 1000
1: addi a2, a2, -1
  bnez a2, 1b
  csrr a1, time
  sub a1, a1, a0
  addi a1, a1, 5
  li a3, 10
  div a1, a1, a3
${note('a1')}`,
      },
      [value(20)],
    ));
});
