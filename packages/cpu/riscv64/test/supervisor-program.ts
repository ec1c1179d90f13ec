import fc from 'fast-check';
import { assemble } from '@vivarium/isa-riscv';

const REGISTERS = ['t0', 't1', 't2', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5'];
const register = fc.constantFrom(...REGISTERS);
const float = fc.constantFrom('fa0', 'fa1', 'fa2', 'ft0');
const immediate = fc.integer({ min: -2048, max: 2047 });
const near = fc.integer({ min: -40, max: 40 });
const words = (text: string): readonly string[] => text.split(' ');

const THREE = words('add sub xor or and sll srl sra slt sltu addw subw sllw mul mulhu div rem divuw remw max rol andn');
const IMMEDIATE = words('addi xori ori andi slti sltiu addiw');
const FLOAT_THREE = words(
  'fadd.d fsub.d fmul.d fdiv.d fadd.s fmul.s fdiv.s fsgnj.d fsgnjx.s fmin.d fmax.s fminm.d',
).filter((name) => name !== 'fminm.d');
const CSRS = words('sscratch sepc scause stval sstatus');
const BITS = { SIE: 2, SPIE: 0x20, SPP: 0x100, FS: 0x6000, SUM: 0x4_0000 };

/** Instructions that stores and the host put over others; most are harmless. */
export const patches: readonly number[] = [
  'addi a0, a0, 1',
  'xor a1, a1, a0',
  'beq zero, zero, 8f\n8:',
  'bnez a0, 8f\n nop\n8:',
  'sd a0, 0(s0)',
  'ld a2, 8(s0)',
  'ret',
  'csrr a3, sscratch',
  'fadd.d fa0, fa0, fa1',
].map((text) => {
  const { bytes } = assemble(`.option norvc\n${text}`);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
});
const patch = fc.constantFrom(...patches, 0, 0x0505_0505);

const statement = (length: number): fc.Arbitrary<string> => {
  const label = fc.nat(length - 1).map((target) => `line${target}`);
  const branch = fc.constantFrom('beq', 'bne', 'blt', 'bgeu');
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...THREE), register, register, register).map(three) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...IMMEDIATE), register, register, immediate)
        .map(([name, rd, a, value]) => `${name} ${rd}, ${a}, ${value}`),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(branch, register, register, label)
        .map(([name, a, b, target]) => `${name} ${a}, ${b}, ${target}`),
    },
    // A loop that ends: s7 counts its rounds, and is filled again when it is used up.
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.integer({ min: 2, max: 9 }), label)
        .map(([rounds, target]) => `addi s7, s7, -1\n  bgtz s7, ${target}\n  li s7, ${rounds}`),
    },
    fc.tuple(fc.constantFrom('j', 'jal'), label).map(([name, target]) => `${name} ${target}`),
    { weight: 2, arbitrary: label.map((target) => `la s2, ${target}\n  jalr s2`) },
    label.map((target) => `la s2, ${target}\n  jr s2`),
    { weight: 2, arbitrary: fc.constant('ret') },
    // s0 points near the end of a page of data.
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...words('lb lhu lw lwu ld sb sh sw sd')), register, near)
        .map(([name, value, offset]) => `${name} ${value}, ${offset}(s0)`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...words('flw fld fsw fsd')), float, near)
        .map(([name, value, offset]) => `${name} ${value}, ${offset}(s0)`),
    },
    // Nothing is there.
    fc
      .tuple(fc.constantFrom(...words('lw sd')), register, fc.constantFrom('s3', 's4'))
      .map(([name, value, base]) => `${name} ${value}, 0(${base})`),
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...words('amoadd.d amoswap.w amomaxu.d amomin.w amoxor.d')), register, register)
        .map(([name, rd, value]) => `${name} ${rd}, ${value}, (s5)`),
    },
    fc
      .tuple(register, register, fc.constantFrom('w', 'd'), fc.boolean())
      .map(
        ([rd, value, size, apart]) =>
          `lr.${size} ${rd}, (s5)\n${apart ? '  sd a0, 0(s5)\n' : ''}  sc.${size} ${rd}, ${value}, (s5)`,
      ),
    fc.tuple(register, fc.constantFrom('s0', 's3')).map(([rd, base]) => `amoadd.w ${rd}, ${rd}, (${base})`),
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...FLOAT_THREE), float, float, float).map(three) },
    fc.tuple(fc.constantFrom('feq.d', 'flt.s', 'fle.d'), register, float, float).map(three),
    fc
      .tuple(fc.constantFrom('fmadd.d', 'fnmsub.s'), float, float, float)
      .map(([name, rd, a, b]) => `${name} ${rd}, ${a}, ${b}, ${rd}`),
    fc
      .tuple(fc.constantFrom('fcvt.d.l', 'fmv.d.x', 'fcvt.s.w', 'fmv.w.x'), float, register)
      .map(([name, rd, a]) => `${name} ${rd}, ${a}`),
    fc
      .tuple(fc.constantFrom('fcvt.l.d', 'fmv.x.d', 'fcvt.wu.s', 'fclass.d'), register, float)
      .map(([name, rd, a]) => `${name} ${rd}, ${a}${name.startsWith('fcvt') ? ', rtz' : ''}`),
    fc
      .tuple(fc.constantFrom('fcvt.s.d', 'fcvt.d.s', 'fsqrt.d'), float, float)
      .map(([name, rd, a]) => `${name} ${rd}, ${a}`),
    fc.tuple(fc.constantFrom('fflags', 'frm', 'fcsr'), register).map(([name, rd]) => `csrrw ${rd}, ${name}, ${rd}`),
    fc.nat(7).map((mode) => `csrwi frm, ${mode & 3}`),
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.constantFrom('csrrw', 'csrrs', 'csrrc'),
          register,
          fc.constantFrom(...CSRS),
          fc.constantFrom(...REGISTERS, 'zero'),
        )
        .map(([name, rd, csr, rs]) => `${name} ${rd}, ${csr}, ${rs}`),
    },
    fc
      .tuple(
        fc.constantFrom('csrrwi', 'csrrsi', 'csrrci'),
        fc.constantFrom(...REGISTERS, 'zero'),
        fc.constantFrom(...CSRS),
        fc.nat(31),
      )
      .map(([name, rd, csr, value]) => `${name} ${rd}, ${csr}, ${value}`),
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('csrs', 'csrc'), fc.constantFrom(...Object.values(BITS)))
        .map(([name, bits]) => `li s6, ${bits}\n  ${name} sstatus, s6`),
    },
    fc.constant('csrsi sstatus, 2'),
    // Self-modifying: the whole of an instruction or a half of it, with and without fence.i.
    {
      weight: 2,
      arbitrary: fc
        .tuple(label, patch, fc.constantFrom('sw', 'sh', 'sb'), fc.constantFrom('fence.i', 'nop'))
        .map(([target, word, name, fence]) => `la s2, ${target}\n  li s6, ${word}\n  ${name} s6, 0(s2)\n  ${fence}`),
    },
    // The same word again: the code stays what it is, and is dropped all the same.
    label.map((target) => `la s2, ${target}\n  lwu s6, 0(s2)\n  sw s6, 0(s2)`),
    fc.tuple(fc.constantFrom('cycle', 'instret'), register).map(([name, rd]) => `csrr ${rd}, ${name}`),
    fc.constantFrom('ecall', 'ecall', 'ebreak', '.word 0xffffffff', 'fence', 'nop', 'sret', 'csrr a0, mscratch', 'wfi'),
  );
};

const three = ([name, rd, a, b]: readonly [string, string, string, string]): string => `${name} ${rd}, ${a}, ${b}`;

/**
 * Random programs in S-mode (and U-mode, by sret) that never end. Exceptions go to M-mode or, as `delegated` says, to
 * S-mode; both handlers step over what trapped. A handler of an interrupt disables it until the next exception that
 * M-mode sees; M-mode goes on at the lines in turn after one, so that no loop holds a program for ever.
 */
export const supervisorProgram: fc.Arbitrary<{ readonly source: string; readonly lines: number }> = fc
  .integer({ min: 4, max: 60 })
  .chain((length) =>
    fc.record({
      lines: fc.array(statement(length), { minLength: length, maxLength: length }),
      compress: fc.boolean(),
      place: fc.integer({ min: 0, max: 100 }).map((halves) => 4096 - 160 - halves * 2),
      delegated: fc.constantFrom(0, 0xb1f5, 0x2a4, 0x70),
    }),
  )
  .map(({ lines, compress, place, delegated }) => ({
    lines: lines.length,
    source: `
.option norvc
  la t0, machine
  csrw mtvec, t0
  la t0, supervisor
  csrw stvec, t0
  li t0, ${delegated}
  csrw medeleg, t0
  li t0, 0x222
  csrw mideleg, t0
  li t0, 0xaaa
  csrw mie, t0
  li t0, 5
  csrw mcounteren, t0
  csrw scounteren, t0
  la s0, edge
  la s5, data
  li s3, 0x10000003
  li s4, -16
  li s7, 5
  la s8, table
  la s9, table
  li a0, 0x123456789
  li a1, -77
  li t0, 0x2a00
  csrw mstatus, t0
  fcvt.d.l fa0, a1
  fcvt.d.l fa1, a0
  la t0, line0
  csrw mepc, t0
  mret

.balign 4
machine:
  csrr t3, mcause
  bltz t3, interrupt
  addi t4, t3, -1
  beqz t4, lost
  # Interrupts are enabled again, and an environment call of U-mode ends in S-mode.
  li t4, 0xaaa
  csrw mie, t4
  addi t4, t3, -8
  bnez t4, step
  li t4, 0x800
  csrs mstatus, t4
step:
  csrr t3, mepc
  lhu t4, 0(t3)
  andi t4, t4, 3
  addi t3, t3, 2
  addi t4, t4, -3
  bnez t4, short
  addi t3, t3, 2
short:
  csrw mepc, t3
  mret
interrupt:
  li t4, 1
  sll t4, t4, t3
  csrc mie, t4
lost:
  ld t3, 0(s9)
  addi s9, s9, 8
  bnez t3, known
  la s9, table
  la t3, line0
known:
  csrw mepc, t3
  mret

.balign 4
supervisor:
  csrrw t5, sscratch, t6
  csrr t5, scause
  bltz t5, disable
  csrr t5, sepc
  lhu t6, 0(t5)
  andi t6, t6, 3
  addi t5, t5, 2
  addi t6, t6, -3
  bnez t6, brief
  addi t5, t5, 2
brief:
  csrw sepc, t5
  csrr t6, sstatus
  sret
disable:
  li t6, 1
  sll t6, t6, t5
  csrc sie, t6
  csrr t6, sscratch
  sret

.balign 4096
.zero ${place}
${compress ? '.option rvc' : ''}
${lines.map((text, index) => `line${index}: ${text}`).join('\n')}
  j line0
.option norvc
.balign 4096
table:
${lines.map((_, index) => `.dword line${(index * 7) % lines.length}`).join('\n')}
.dword 0
data: .dword 1, 2, 3, 4
.balign 4096
.zero 4096
edge:
.zero 4096`,
  }));
