import type { Random } from '../random.ts';
import { DATA_PAGE, DATA_PAGES, DATA, PAGE, page, USER_BASE } from './layout.ts';

const REGISTERS = ['t0', 't1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5', 's6', 's7'];
const FLOATS = ['fa0', 'fa1', 'fa2', 'fa3'];
const THREE =
  'add sub xor or and sll srl sra slt sltu addw subw sllw mul mulhu mulw div rem divuw max rol andn sh1add'.split(' ');
const IMMEDIATE = ['addi', 'xori', 'andi', 'ori', 'slti', 'addiw'];
const LOADS = 'lb lbu lh lhu lw lwu ld'.split(' ');
const STORES = 'sb sh sw sd'.split(' ');
const BRANCHES = ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu'];
const AMOS = ['amoadd.d', 'amoswap.w', 'amomaxu.d', 'amoxor.w'];
const FLOAT_THREE = 'fadd.d fsub.d fmul.d fdiv.d fadd.s fmul.s fmin.d fmax.d fsgnjx.d fsgnj.d'.split(' ');
const FUSED = 'fmadd.d fmsub.d fnmadd.d fnmsub.d fmadd.s'.split(' ');
/** SIE, SPIE, SPP, FS, SUM, MXR. */
const STATUS_BITS = [2, 0x20, 0x100, 0x6000, 0x4_0000, 0x8_0000, 0x4_0100];
const VALUE_CSRS = ['sscratch', 'sepc', 'scause', 'stval'];

/** Pages of which one address space may change its mapping: a global one must stay the same in both. */
const CHANGEABLE = [DATA.private, DATA.unmapped, DATA.user, DATA.untouched, DATA.executable];

type Maker = (random: Random, lines: number) => string;

const register = (random: Random): string => random.pick(REGISTERS);
const float = (random: Random): string => random.pick(FLOATS);
const label = (random: Random, lines: number): string => `line${random.below(lines)}`;
const offset = (random: Random): number => (random.below(4) === 0 ? random.below(4096) - 2048 : random.below(64) - 32);
const pointer = (random: Random): string => random.pick(['s0', 's0', 's1']);
/** A place in the data pages, often right at the end of one. */
const place = (random: Random): number => {
  const base = page(DATA_PAGE + random.below(DATA_PAGES));
  return random.below(3) === 0 ? base + PAGE - 1 - random.below(16) : base + random.below(PAGE / 8) * 8;
};

const userAccess: Maker = (random) => {
  const access = (at: number): string => `  ${random.pick(['ld', 'ld', 'sd'])} ${register(random)}, ${at}(s0)`;
  return [
    `li s0, ${page(DATA.user) + random.below(64) * 8}`,
    '  li t1, 0x40000',
    '  csrs sstatus, t1',
    access(0),
    access(8),
    '  csrc sstatus, t1',
    access(16),
    access(8),
  ].join('\n');
};

const MAKERS: readonly (readonly [weight: number, maker: Maker])[] = [
  [12, (r) => `${r.pick(THREE)} ${register(r)}, ${register(r)}, ${register(r)}`],
  [10, (r) => `${r.pick(IMMEDIATE)} ${register(r)}, ${register(r)}, ${r.below(4096) - 2048}`],
  [14, (r) => `${r.pick(LOADS)} ${register(r)}, ${offset(r)}(${pointer(r)})`],
  [10, (r) => `${r.pick(STORES)} ${register(r)}, ${offset(r)}(${pointer(r)})`],
  [6, (r) => `li ${pointer(r)}, ${place(r)}`],
  [3, (r) => `addi s0, s0, ${r.below(512) - 256}`],
  [10, (r, n) => `${r.pick(BRANCHES)} ${register(r)}, ${register(r)}, ${label(r, n)}`],
  [10, (r, n) => `addi s5, s5, -1\n  bgtz s5, ${label(r, n)}\n  li s5, ${1 + r.below(6)}`],
  [4, (r, n) => `${r.pick(['j', 'jal'])} ${label(r, n)}`],
  [5, (r, n) => `la t0, ${label(r, n)}\n  jalr ra, 0(t0)`],
  [4, () => 'ret'],
  [3, (r) => `jr ${register(r)}`],
  [4, (r) => `andi t1, s0, -8\n  ${r.pick(AMOS)} ${register(r)}, ${register(r)}, (t1)`],
  [2, (r) => `${r.pick(AMOS)} ${register(r)}, ${register(r)}, (${pointer(r)})`],
  [3, (r) => `andi t1, s0, -8\n  lr.d ${register(r)}, (t1)\n  sc.d ${register(r)}, ${register(r)}, (t1)`],
  [8, (r) => `${r.pick(FLOAT_THREE)} ${float(r)}, ${float(r)}, ${float(r)}`],
  [5, (r) => `${r.pick(FUSED)} ${float(r)}, ${float(r)}, ${float(r)}, ${float(r)}`],
  [3, (r) => `${r.pick(['fld', 'flw', 'fsd', 'fsw'])} ${float(r)}, ${offset(r)}(${pointer(r)})`],
  [2, (r) => `fcvt.d.l ${float(r)}, ${register(r)}`],
  [2, (r) => `fsqrt.d ${float(r)}, ${float(r)}`],
  [2, (r) => `${r.pick(['feq.d', 'flt.d', 'fle.d'])} ${register(r)}, ${float(r)}, ${float(r)}`],
  [2, (r) => r.pick(['csrr a3, fflags', 'csrwi fflags, 0', 'csrwi frm, 0', 'csrwi frm, 1', 'csrr a4, fcsr'])],
  [8, (r) => `li t1, ${r.pick(STATUS_BITS)}\n  ${r.pick(['csrs', 'csrc'])} sstatus, t1`],
  [2, (r) => `${r.pick(['csrrs', 'csrrc'])} ${register(r)}, sstatus, ${register(r)}`],
  [2, (r) => r.pick(['csrsi sstatus, 2', 'csrci sstatus, 2', 'csrr a5, sstatus'])],
  [4, (r) => `${r.pick(['csrrw', 'csrrs', 'csrrc'])} ${register(r)}, ${r.pick(VALUE_CSRS)}, ${register(r)}`],
  [3, (r) => `csrr ${register(r)}, ${r.pick(['cycle', 'instret', 'time', 'satp', 'sie', 'sip'])}`],
  [8, () => 'ecall'],
  [2, (r) => r.pick(['ebreak', '.word 0xffffffff', 'fence', 'fence.i', 'nop', 'wrs.nto'])],
  // To S-mode or to U-mode, in the mapping that belongs there, mostly.
  [6, (r, n) => `la t0, ${label(r, n)}\n  csrw sepc, t0\n  li t1, 0x100\n  csrs sstatus, t1\n  sret`],
  [
    8,
    (r, n) =>
      `la t0, ${label(r, n)}\n  li t1, ${page(0) - USER_BASE}\n  sub t0, t0, t1\n  csrw sepc, t0\n  li t1, 0x100\n  csrc sstatus, t1\n  sret`,
  ],
  // What a kernel does to read and write a program's memory, and an access that must fault again afterwards.
  [8, userAccess],
  [2, () => 'sret'],
  [4, (r) => `csrw satp, ${r.pick(['s2', 's3', 's2', 's3', 'zero'])}`],
  [4, (r) => r.pick(['sfence.vma', 'sfence.vma s0, zero', 'sfence.vma zero, a2', 'sfence.vma s0, a2'])],
  // Changes a mapping of the first address space: permissions, A, D, or whether there is one.
  [
    4,
    (r) =>
      `li t0, ${page(DATA.table) + r.pick(CHANGEABLE) * 8}\n  ld t1, 0(t0)\n` +
      `  xori t1, t1, ${r.pick([1, 2, 4, 6, 0x10, 0x40, 0x80])}\n  sd t1, 0(t0)\n  sfence.vma`,
  ],
  // Changes code.
  [3, (r, n) => `la t0, ${label(r, n)}\n  lw t1, 0(t0)\n  sw t1, 0(t0)`],
  [
    3,
    (r, n) =>
      `la t0, ${label(r, n)}\n  li t1, ${r.pick([0x00b50533, 0x00150513, 0x00000073])}\n  sw t1, 0(t0)\n  fence.i`,
  ],
  [3, (r) => `cbo.zero (${pointer(r)})`],
];

const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** One line, of one or a few instructions. */
export const line = (random: Random, lines: number): string => {
  let left = random.below(TOTAL);
  for (const [weight, maker] of MAKERS) {
    if (left < weight) return maker(random, lines);
    left -= weight;
  }
  return 'nop';
};
