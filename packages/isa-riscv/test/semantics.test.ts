import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, createDecoder, instructions } from '../src/index.ts';
import { execute, type State } from './evaluator.ts';

const decoder = createDecoder();
const PC = 0x8000_0000n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const s32 = (value: bigint): bigint => BigInt.asIntN(32, value);

const rowNamed = (name: string) => {
  const row = instructions.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return row;
};
/** x12 after the row ran with x10 and x11 as sources. */
const run = (name: string, a: bigint, b: bigint, immediate = 0): bigint => {
  const state: State = { x: Array.from({ length: 32 }, () => 0n), pc: PC, memory: new Map() };
  state.x[10] = u64(a);
  state.x[11] = u64(b);
  expect(execute(rowNamed(name), state, { rd: 12, rs1: 10, rs2: 11, immediate })).toBe(true);
  return state.x[12] ?? 0n;
};

const MIN64 = 1n << 63n;
const MIN32 = u64(-(1n << 31n));
const ONES = u64(-1n);

const divide = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint): bigint => (b === 0n ? a : a % b);
const flag = (condition: boolean): bigint => (condition ? 1n : 0n);
const leadingZeros = (value: bigint, width: number): bigint =>
  BigInt(width - (value === 0n ? 0 : value.toString(2).length));
const trailingZeros = (value: bigint, width: number): bigint =>
  leadingZeros(value & -value, width) === BigInt(width)
    ? BigInt(width)
    : BigInt(width - 1) - leadingZeros(value & -value, width);
const population = (value: bigint): bigint => BigInt(value.toString(2).replaceAll('0', '').length);
const rotateRight = (value: bigint, amount: bigint, width: bigint): bigint =>
  (value >> (amount % width)) | (value << (width - (amount % width)));

/** What the manual says of each computational instruction: a and b unsigned, i the immediate. */
const REFERENCE: Readonly<Record<string, (a: bigint, b: bigint, i: bigint) => bigint>> = {
  lui: (_a, _b, i) => i,
  auipc: (_a, _b, i) => PC + i,
  addi: (a, _b, i) => a + i,
  slti: (a, _b, i) => flag(s64(a) < i),
  sltiu: (a, _b, i) => flag(a < u64(i)),
  xori: (a, _b, i) => a ^ u64(i),
  ori: (a, _b, i) => a | u64(i),
  andi: (a, _b, i) => a & u64(i),
  slli: (a, _b, i) => a << (i & 63n),
  srli: (a, _b, i) => a >> (i & 63n),
  srai: (a, _b, i) => s64(a) >> (i & 63n),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  sll: (a, b) => a << (b & 63n),
  slt: (a, b) => flag(s64(a) < s64(b)),
  sltu: (a, b) => flag(a < b),
  xor: (a, b) => a ^ b,
  srl: (a, b) => a >> (b & 63n),
  sra: (a, b) => s64(a) >> (b & 63n),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  addiw: (a, _b, i) => s32(a + i),
  slliw: (a, _b, i) => s32(a << (i & 31n)),
  srliw: (a, _b, i) => s32(u32(a) >> (i & 31n)),
  sraiw: (a, _b, i) => s32(a) >> (i & 31n),
  addw: (a, b) => s32(a + b),
  subw: (a, b) => s32(a - b),
  sllw: (a, b) => s32(a << (b & 31n)),
  srlw: (a, b) => s32(u32(a) >> (b & 31n)),
  sraw: (a, b) => s32(a) >> (b & 31n),
  mul: (a, b) => a * b,
  mulh: (a, b) => (s64(a) * s64(b)) >> 64n,
  mulhsu: (a, b) => (s64(a) * b) >> 64n,
  mulhu: (a, b) => (a * b) >> 64n,
  div: (a, b) => divide(s64(a), s64(b)),
  divu: (a, b) => divide(a, b),
  rem: (a, b) => remainder(s64(a), s64(b)),
  remu: (a, b) => remainder(a, b),
  mulw: (a, b) => s32(a * b),
  divw: (a, b) => s32(divide(s32(a), s32(b))),
  divuw: (a, b) => s32(divide(u32(a), u32(b))),
  remw: (a, b) => s32(remainder(s32(a), s32(b))),
  remuw: (a, b) => s32(remainder(u32(a), u32(b))),
  'add.uw': (a, b) => u32(a) + b,
  sh1add: (a, b) => (a << 1n) + b,
  sh2add: (a, b) => (a << 2n) + b,
  sh3add: (a, b) => (a << 3n) + b,
  'sh1add.uw': (a, b) => (u32(a) << 1n) + b,
  'sh2add.uw': (a, b) => (u32(a) << 2n) + b,
  'sh3add.uw': (a, b) => (u32(a) << 3n) + b,
  'slli.uw': (a, _b, i) => u32(a) << (i & 63n),
  andn: (a, b) => a & ~b,
  orn: (a, b) => a | ~b,
  xnor: (a, b) => ~(a ^ b),
  clz: (a) => leadingZeros(a, 64),
  ctz: (a) => trailingZeros(a, 64),
  cpop: (a) => population(a),
  clzw: (a) => leadingZeros(u32(a), 32),
  ctzw: (a) => trailingZeros(u32(a), 32),
  cpopw: (a) => population(u32(a)),
  max: (a, b) => (s64(a) > s64(b) ? a : b),
  maxu: (a, b) => (a > b ? a : b),
  min: (a, b) => (s64(a) < s64(b) ? a : b),
  minu: (a, b) => (a < b ? a : b),
  'sext.b': (a) => BigInt.asIntN(8, a),
  'sext.h': (a) => BigInt.asIntN(16, a),
  'zext.h': (a) => BigInt.asUintN(16, a),
  rol: (a, b) => rotateRight(a, 64n - (b & 63n), 64n),
  ror: (a, b) => rotateRight(a, b & 63n, 64n),
  rori: (a, _b, i) => rotateRight(a, i & 63n, 64n),
  rolw: (a, b) => s32(rotateRight(u32(a), 32n - (b & 31n), 32n)),
  rorw: (a, b) => s32(rotateRight(u32(a), b & 31n, 32n)),
  roriw: (a, _b, i) => s32(rotateRight(u32(a), i & 31n, 32n)),
  bclr: (a, b) => a & ~(1n << (b & 63n)),
  bclri: (a, _b, i) => a & ~(1n << (i & 63n)),
  bext: (a, b) => (a >> (b & 63n)) & 1n,
  bexti: (a, _b, i) => (a >> (i & 63n)) & 1n,
  binv: (a, b) => a ^ (1n << (b & 63n)),
  binvi: (a, _b, i) => a ^ (1n << (i & 63n)),
  bset: (a, b) => a | (1n << (b & 63n)),
  bseti: (a, _b, i) => a | (1n << (i & 63n)),
  'czero.eqz': (a, b) => (b === 0n ? 0n : a),
  'czero.nez': (a, b) => (b === 0n ? a : 0n),
};
/** Their meaning is a helper that the core supplies; vectors below. */
const HELPERS = ['clmul', 'clmulh', 'clmulr', 'orc.b', 'rev8'];

const special = fc.constantFrom(
  0n,
  1n,
  2n,
  63n,
  64n,
  ONES,
  u64(-2n),
  MIN64,
  MIN64 - 1n,
  MIN32,
  u64(-(1n << 31n) - 1n),
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
);
const register = fc.oneof(special, fc.bigInt({ min: 0n, max: ONES }));

/** Immediates as the decoder gives them for some word of the row. */
const immediatesOf = (name: string) => {
  const index = instructions.findIndex((row) => row.name === name);
  const { mask, match } = rowNamed(name);
  return fc
    .integer({ min: 0, max: 0xffffffff })
    .map((random) => decoder.immediate(index, ((random & ~mask) | match) >>> 0));
};

describe('semantics of computational instructions', () => {
  for (const [name, reference] of Object.entries(REFERENCE)) {
    it(`${name} computes what the manual says`, () => {
      fc.assert(
        fc.property(register, register, immediatesOf(name), (a, b, immediate) => {
          expect(run(name, a, b, immediate)).toBe(u64(reference(a, b, BigInt(immediate))));
        }),
        { numRuns: 300 },
      );
    });
  }

  it('leaves no row with set-x alone unchecked', () => {
    const computational = instructions.filter(
      (row) => row.semantics.length > 0 && row.semantics.every(({ kind }) => kind === 'let' || kind === 'set-x'),
    );
    const unchecked = computational.map((row) => row.name).filter((name) => !(name in REFERENCE));
    expect(unchecked.toSorted()).toEqual(HELPERS.toSorted());
  });

  it('divides by zero and overflows as the manual tabulates', () => {
    expect(run('div', 7n, 0n)).toBe(ONES);
    expect(run('divu', 7n, 0n)).toBe(ONES);
    expect(run('rem', 7n, 0n)).toBe(7n);
    expect(run('remu', 7n, 0n)).toBe(7n);
    expect(run('div', MIN64, ONES)).toBe(MIN64);
    expect(run('rem', MIN64, ONES)).toBe(0n);
    expect(run('divw', 7n, 0n)).toBe(ONES);
    expect(run('divuw', 7n, 0n)).toBe(ONES);
    expect(run('remw', 0xffff_ffffn, 0n)).toBe(ONES);
    expect(run('remuw', 0x8000_0000n, 0n)).toBe(MIN32);
    expect(run('divw', 0x8000_0000n, ONES)).toBe(MIN32);
    expect(run('remw', 0x8000_0000n, ONES)).toBe(0n);
    expect(run('div', u64(-7n), 2n)).toBe(u64(-3n));
    expect(run('rem', u64(-7n), 2n)).toBe(u64(-1n));
  });

  it('names the helper that the manual describes', () => {
    expect(run('orc.b', 0x0100_0000_8000_0020n, 0n)).toBe(0xff00_0000_ff00_00ffn);
    expect(run('rev8', 0x0123_4567_89ab_cdefn, 0n)).toBe(0xefcd_ab89_6745_2301n);
    expect(run('clmul', 3n, 3n)).toBe(5n);
    expect(run('clmul', MIN64, MIN64)).toBe(0n);
    expect(run('clmulh', MIN64, MIN64)).toBe(1n << 62n);
    expect(run('clmulr', MIN64, MIN64)).toBe(MIN64);
  });
});

describe('semantics of control flow', () => {
  const jump = (
    name: string,
    x: readonly [number, bigint][],
    operands: { rd: number; rs1: number; rs2: number; immediate: number; bytes?: 2 | 4 },
  ) => {
    const state: State = { x: Array.from({ length: 32 }, () => 0n), pc: PC, memory: new Map() };
    for (const [index, value] of x) state.x[index] = value;
    expect(execute(rowNamed(name), state, operands)).toBe(true);
    return state;
  };

  it('jalr computes its target before it writes the link', () => {
    const state = jump('jalr', [[5, 0x1003n]], { rd: 5, rs1: 5, rs2: 0, immediate: 4 });
    expect(state.pc).toBe(0x1006n);
    expect(state.x[5]).toBe(PC + 4n);
  });

  it('links to the next instruction, whatever the length of this one', () => {
    const state = jump('jal', [], { rd: 1, rs1: 0, rs2: 0, immediate: -16, bytes: 2 });
    expect(state.pc).toBe(PC - 16n);
    expect(state.x[1]).toBe(PC + 2n);
  });

  it('branches compare as their names say', () => {
    const conditions: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
      beq: (a, b) => a === b,
      bne: (a, b) => a !== b,
      blt: (a, b) => s64(a) < s64(b),
      bge: (a, b) => s64(a) >= s64(b),
      bltu: (a, b) => a < b,
      bgeu: (a, b) => a >= b,
    };
    for (const [name, condition] of Object.entries(conditions)) {
      fc.assert(
        fc.property(register, register, (a, b) => {
          const state = jump(
            name,
            [
              [10, a],
              [11, b],
            ],
            { rd: 0, rs1: 10, rs2: 11, immediate: 64 },
          );
          expect(state.pc).toBe(PC + (condition(a, b) ? 64n : 4n));
        }),
        { numRuns: 200 },
      );
    }
  });
});

describe('semantics of memory accesses', () => {
  it('loads what was stored, extended as the name says', () => {
    const state: State = { x: Array.from({ length: 32 }, () => 0n), pc: PC, memory: new Map() };
    state.x[10] = 0x1001n;
    state.x[11] = 0x8182_8384_8586_8788n;
    execute(rowNamed('sd'), state, { rd: 0, rs1: 10, rs2: 11, immediate: -1 });
    const expected: Readonly<Record<string, bigint>> = {
      lb: u64(BigInt.asIntN(8, 0x88n)),
      lbu: 0x88n,
      lh: u64(BigInt.asIntN(16, 0x8788n)),
      lhu: 0x8788n,
      lw: u64(s32(0x8586_8788n)),
      lwu: 0x8586_8788n,
      ld: 0x8182_8384_8586_8788n,
    };
    for (const [name, value] of Object.entries(expected)) {
      execute(rowNamed(name), state, { rd: 12, rs1: 10, rs2: 0, immediate: -1 });
      expect(state.x[12], name).toBe(value);
    }
    execute(rowNamed('sb'), state, { rd: 0, rs1: 10, rs2: 0, immediate: 0 });
    execute(rowNamed('sh'), state, { rd: 0, rs1: 10, rs2: 0, immediate: 1 });
    execute(rowNamed('ld'), state, { rd: 12, rs1: 10, rs2: 0, immediate: -1 });
    expect(state.x[12]).toBe(0x8182_8384_0000_0088n);
  });
});

describe('programs of the assembler', () => {
  /** Runs from the first instruction until `ebreak`. */
  const runProgram = (source: string, compress: boolean): State => {
    const { bytes } = assemble(source, { base: PC, compress });
    const view = new DataView(bytes.buffer);
    const state: State = { x: Array.from({ length: 32 }, () => 0n), pc: PC, memory: new Map() };
    bytes.forEach((byte, index) => state.memory.set(PC + BigInt(index), byte));
    for (let steps = 0; steps < 10_000; steps += 1) {
      const offset = Number(state.pc - PC);
      const half = view.getUint16(offset, true);
      const long = (half & 3) === 3;
      const word = long ? view.getUint32(offset, true) : decoder.expandCompressed(half);
      const index = decoder.decode(word);
      const row = instructions[index];
      if (row === undefined || row.name === 'ebreak') return state;
      const operands = {
        rd: (word >>> 7) & 31,
        rs1: (word >>> 15) & 31,
        rs2: (word >>> 20) & 31,
        immediate: decoder.immediate(index, word),
        bytes: long ? 4 : 2,
      } as const;
      expect(execute(row, state, operands), row.name).toBe(true);
    }
    throw new Error('the program does not end');
  };

  it('li makes any 64-bit value', () => {
    fc.assert(
      fc.property(register, fc.boolean(), (value, compress) => {
        expect(runProgram(`li a0, ${value}\nebreak`, compress).x[10]).toBe(value);
        expect(runProgram(`li a0, ${s64(value)}\nebreak`, compress).x[10]).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('computes with loops, calls, data and addresses', () => {
    const source = `
      .equ COUNT, 10
      start:  la   sp, stack_top
              li   a0, COUNT
              call factorial
              la   t0, result
              sd   a0, (t0)
              ld   a1, result
              lui  a2, %hi(COUNT << 20)
              addi a2, a2, %lo(COUNT << 20)
      1:      auipc a3, %pcrel_hi(table + 4)
              lw   a3, %pcrel_lo(1b)(a3)
              ebreak
      factorial:
              addi sp, sp, -16
              sd   ra, 8(sp)
              sd   a0, 0(sp)
              bnez a0, 1f
              li   a0, 1
              j    2f
      1:      addi a0, a0, -1
              call factorial
              ld   t1, 0(sp)
              mul  a0, a0, t1
      2:      ld   ra, 8(sp)
              addi sp, sp, 16
              ret
              .align 3
      table:  .word 1, 0x89abcdef
      result: .dword 0
              .space 256
      stack_top:
    `;
    for (const compress of [false, true]) {
      const state = runProgram(source, compress);
      expect(state.x[10]).toBe(3_628_800n);
      expect(state.x[11]).toBe(3_628_800n);
      expect(state.x[12]).toBe(10n << 20n);
      expect(state.x[13]).toBe(u64(s32(0x89ab_cdefn)));
    }
  });
});
