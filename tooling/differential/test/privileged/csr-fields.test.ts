import { describe, it } from 'vitest';
import { attempt, inMode, note, SUPERVISOR, USER } from './directed-program.ts';
import { expectOnCore, expectWithWitness, trap, value } from './witness.ts';

const ILLEGAL = 2;
const ECALL_S = 9;
const ECALL_U = 8;

const OPEN = `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0`;

/** Writes a CSR and notes what it reads afterwards, under a mask. */
const written = (csr: string, bits: bigint | number, mask: bigint | number = -1): string => `
  li a0, ${BigInt.asIntN(64, BigInt(bits))}
  csrw ${csr}, a0
  csrr a1, ${csr}
  li a0, ${BigInt.asIntN(64, BigInt(mask))}
  and a1, a1, a0${note('a1')}`;
const read = (csr: string, mask: bigint | number = -1): string => `
  csrr a1, ${csr}
  li a0, ${BigInt.asIntN(64, BigInt(mask))}
  and a1, a1, a0${note('a1')}`;

describe('fields of CSRs', () => {
  // QEMU 7.2 keeps bit 0.
  it('hold even addresses in mepc and sepc', () =>
    expectOnCore({ source: written('mepc', 0x8000_0003n) + written('sepc', 0x8000_0003n) }, [
      value(0x8000_0002n),
      value(0x8000_0002n),
    ]));

  it('ignore a translation mode that does not exist, and take those that do', () =>
    expectWithWitness(
      {
        source:
          written('satp', (8n << 60n) | 5n) +
          written('satp', (1n << 60n) | 6n) +
          written('satp', (9n << 60n) | 7n) +
          written('satp', (10n << 60n) | 8n) +
          written('satp', (11n << 60n) | 9n) +
          written('satp', 0n),
      },
      [
        value((8n << 60n) | 5n),
        value((8n << 60n) | 5n),
        value((9n << 60n) | 7n),
        value((10n << 60n) | 8n),
        value((10n << 60n) | 8n),
        value(0),
      ],
    ));

  it('keep the whole address space identifier', () =>
    expectWithWitness({ source: `${written('satp', (8n << 60n) | (0xffffn << 44n))}\n  csrw satp, zero` }, [
      value((8n << 60n) | (0xffffn << 44n)),
    ]));

  // QEMU 7.2 lets UXL be written.
  it('fix SXL and UXL at 64 bits, and have no big endian', () =>
    expectOnCore(
      {
        source:
          read('mstatus', 0xf_0000_0000n) +
          written('mstatus', 0xf_0000_0000n, 0x3f_0000_0000n) +
          read('sstatus', 0x3_0000_0000n),
      },
      [value(0xa_0000_0000n), value(0xa_0000_0000n), value(0x2_0000_0000n)],
    ));

  it('show in sstatus what belongs to S-mode', () =>
    expectWithWitness(
      {
        source: `
  li a0, 0x7ff9aa
  csrw mstatus, a0
${read('sstatus', 0x7f_ffff)}
  csrw sstatus, zero
${read('mstatus', 0x7f_ffff)}`,
      },
      // SUM, MXR, FS, SPP, SPIE, SIE are shown (VS is not implemented); TSR, TW, TVM, MPRV, MPP, MPIE, MIE are not.
      [value(0xc_6122), value(0x72_1888)],
    ));

  it('hold no reserved privilege in MPP', () =>
    expectOnCore(
      {
        source: `
  li a0, 0x1800
  csrs mstatus, a0
  li a0, 0x800
  csrc mstatus, a0
  csrr a1, mstatus
  srli a1, a1, 11
  andi a1, a1, 3
  addi a1, a1, -2
  snez a1, a1
${note('a1')}`,
      },
      [value(1)],
    ));

  // QEMU 7.2 has bit 11 of medeleg.
  it('delegate no call from M-mode and no machine interrupt', () =>
    expectOnCore({ source: written('medeleg', 0x800, 0x800) + written('mideleg', 0x888, 0x888) }, [
      value(0),
      value(0),
    ]));

  it('let mtvec have two modes', () =>
    expectOnCore(
      {
        source: `${written('mtvec', 0x8000_0101n)}${written('mtvec', 0x8000_0100n)}
  la t0, trap_to_machine
  csrw mtvec, t0`,
      },
      [value(0x8000_0101n), value(0x8000_0100n)],
    ));

  it('tell the extensions in misa', () => {
    const letters = 'A C D F I M S U'.split(' ').reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);
    return expectWithWitness({ source: read('misa', BigInt(letters) | (3n << 62n)) }, [
      value(BigInt(letters) | (2n << 62n)),
    ]);
  });

  it('accrue and mask floating-point flags and modes', () =>
    expectWithWitness(
      {
        source: `
  li a0, 0x2000
  csrs mstatus, a0${written('fcsr', -1)}${written('frm', 0x7c)}${read('fcsr')}${written('fflags', 0x2a)}${read('fcsr')}
  csrw fcsr, zero`,
      },
      [value(0xff), value(4), value(0x9f), value(0x0a), value(0x8a)],
    ));

  it('refuse an operation with a reserved dynamic rounding mode, and only with a dynamic one', () =>
    expectWithWitness(
      {
        source: `
  li a0, 0x2000
  csrs mstatus, a0
  csrwi frm, 5
${attempt('  fadd.d fa0, fa0, fa0')}
${attempt(`  fadd.d fa0, fa0, fa0, rne${note('zero')}`)}
  csrwi frm, 7
${attempt('  fadd.d fa0, fa0, fa0')}
${attempt(`  fmax.d fa0, fa0, fa0${note('zero')}`)}
  csrwi frm, 0`,
      },
      [trap(ILLEGAL, 0x02a5_7553, 'M'), value(0), trap(ILLEGAL, 0x02a5_7553, 'M'), value(0)],
    ));

  it('let csrrs and csrrc with x0 read what must not be written', () =>
    expectWithWitness(
      {
        source: `${attempt(`  csrrs a0, mhartid, zero${note('a0')}`)}
${attempt(`  csrrc a0, mhartid, zero${note('a0')}`)}
${attempt(`  csrrsi a0, mhartid, 0${note('a0')}`)}
${attempt('  csrrs a0, mhartid, a1')}
${attempt('  csrrw a0, mhartid, zero')}`,
      },
      [value(0), value(0), value(0), trap(ILLEGAL, 0xf145_a573, 'M'), trap(ILLEGAL, 0xf140_1573, 'M')],
    ));
});

describe('cache block operations below M-mode', () => {
  const INVAL = 0x0005_200f;
  const CLEAN = 0x0015_200f;
  const ZERO = 0x0045_200f;
  const names = { [INVAL]: 'cbo.inval', [CLEAN]: 'cbo.clean', [ZERO]: 'cbo.zero' };
  const run = (privilege: typeof SUPERVISOR | typeof USER, word: keyof typeof names): string =>
    inMode(privilege, `\n  la a0, block\n  ${names[word]} (a0)`);
  const all = (privilege: typeof SUPERVISOR | typeof USER): string =>
    [INVAL, CLEAN, ZERO].map((word) => run(privilege, word as keyof typeof names)).join('');
  const BLOCK = '\n  j 2f\n.balign 64\nblock: .space 64, 1\n2:';
  const CBIE = 1 << 4;
  const CBCFE = 1 << 6;
  const CBZE = 1 << 7;
  const refused = (word: number, from: 'S' | 'U') => trap(ILLEGAL, word, from);
  const fine = (from: 'S' | 'U') => trap(from === 'S' ? ECALL_S : ECALL_U, 0, from);

  // QEMU 7.2 has no Zicbom and Zicboz.
  it('need menvcfg for S-mode, and senvcfg too for U-mode', () =>
    expectOnCore(
      {
        source: `${OPEN}${BLOCK}
  csrw menvcfg, zero
${all(SUPERVISOR)}
  li a0, ${CBIE | CBCFE}
  csrw menvcfg, a0
  csrw senvcfg, zero
${all(SUPERVISOR)}${all(USER)}
  li a0, ${CBIE | CBCFE | CBZE}
  csrw menvcfg, a0
  li a0, ${CBZE}
  csrw senvcfg, a0
${all(USER)}
  ld a1, block
${note('a1')}`,
      },
      [
        refused(INVAL, 'S'),
        refused(CLEAN, 'S'),
        refused(ZERO, 'S'),
        fine('S'),
        fine('S'),
        refused(ZERO, 'S'),
        refused(INVAL, 'U'),
        refused(CLEAN, 'U'),
        refused(ZERO, 'U'),
        refused(INVAL, 'U'),
        refused(CLEAN, 'U'),
        fine('U'),
        value(0),
      ],
    ));
});
