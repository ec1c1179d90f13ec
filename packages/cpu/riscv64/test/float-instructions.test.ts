import {
  binary32,
  binary64,
  createFloatUnit,
  type FloatFormat,
  type FloatUnit,
  type RoundingMode,
} from '@vivarium/softfloat';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BareCore, bareCore, RAM_BASE } from './bare-core.ts';
import { floatOperand } from './float-operand.ts';

type FormatName = 's' | 'd';
const FORMATS: Readonly<Record<FormatName, FloatFormat>> = { s: binary32, d: binary64 };
const CANONICAL_NAN: Readonly<Record<FormatName, bigint>> = { s: 0x7fc00000n, d: 0x7ff8000000000000n };
const BOX = 0xffffffff_00000000n;
const MODES = ['rne', 'rtz', 'rdn', 'rup', 'rmm'] as const;
const DYNAMIC = 5;
/** mstatus.FS = Initial. */
const FS_INITIAL = 0x2000n;

const box = (name: FormatName, bits: bigint): bigint => (name === 's' ? bits | BOX : bits);
/** A single that is not boxed counts as the canonical NaN (unprivileged manual, "NaN Boxing of Narrower Values"). */
const unbox = (name: FormatName, register: bigint): bigint => {
  if (name === 'd') return register;
  return register >> 32n === 0xffffffffn ? register & 0xffffffffn : CANONICAL_NAN.s;
};

/** What an instruction does by the software floating-point unit; comparisons give an integer. */
interface Instruction {
  readonly text: string;
  readonly toInteger: boolean;
  readonly run: (unit: FloatUnit, mode: RoundingMode, a: bigint, b: bigint) => bigint;
}

const arithmetic = (name: FormatName): readonly Instruction[] => {
  const format = FORMATS[name];
  const rounded = [...MODES, 'dyn'];
  return [
    ...(['add', 'sub', 'mul', 'div'] as const).flatMap((operation) =>
      rounded.map((mode) => ({
        text: `f${operation}.${name} f3, f1, f2, ${mode}`,
        toInteger: false,
        run: (unit: FloatUnit, rm: RoundingMode, a: bigint, b: bigint) => unit[operation](format, rm, a, b),
      })),
    ),
    ...rounded.map((mode) => ({
      text: `fsqrt.${name} f3, f1, ${mode}`,
      toInteger: false,
      run: (unit: FloatUnit, rm: RoundingMode, a: bigint) => unit.sqrt(format, rm, a),
    })),
  ];
};

const comparisons = (name: FormatName): readonly Instruction[] =>
  (['eq', 'lt', 'le', 'ltq', 'leq'] as const).map((operation) => ({
    text: `f${operation}.${name} a0, f1, f2`,
    toInteger: true,
    run: (unit: FloatUnit, _: RoundingMode, a: bigint, b: bigint) => unit[operation](FORMATS[name], a, b),
  }));

/** Sign injection looks at bits alone and raises nothing (unprivileged manual, section "Single-Precision … Move"). */
const signInjections = (name: FormatName): readonly Instruction[] => {
  const { signBit } = FORMATS[name];
  const signs = {
    fsgnj: (_: bigint, b: bigint) => b & signBit,
    fsgnjn: (_: bigint, b: bigint) => ~b & signBit,
    fsgnjx: (a: bigint, b: bigint) => (a ^ b) & signBit,
  };
  return Object.entries(signs).map(([operation, sign]) => ({
    text: `${operation}.${name} f3, f1, f2`,
    toInteger: false,
    run: (_: FloatUnit, __: RoundingMode, a: bigint, b: bigint) => (a & ~signBit) | sign(a, b),
  }));
};

/** Executes one instruction of the program at RAM_BASE and compares registers and flags with the unit's. */
const compare = (
  { vcpu }: BareCore,
  name: FormatName,
  index: number,
  instruction: Instruction,
  given: { readonly a: bigint; readonly b: bigint; readonly frm: number; readonly flags: number },
): readonly [actual: unknown, expected: unknown] => {
  vcpu.writeRegister('f1', given.a);
  vcpu.writeRegister('f2', given.b);
  vcpu.writeRegister('fcsr', BigInt((given.frm << 5) | given.flags));
  vcpu.writeRegister('pc', BigInt(RAM_BASE + index * 4));
  vcpu.writeRegister('mstatus', FS_INITIAL);
  vcpu.run(1);
  const mode = MODES.findIndex((text) => instruction.text.endsWith(text));
  const unit = createFloatUnit();
  const rm = (mode < 0 ? given.frm : mode) as RoundingMode;
  const result = instruction.run(unit, rm, unbox(name, given.a), unbox(name, given.b));
  const flags = given.flags | unit.flags;
  const changes = !instruction.toInteger || unit.flags !== 0;
  const actual = {
    text: instruction.text,
    value: vcpu.readRegister(instruction.toInteger ? 'a0' : 'f3'),
    flags: vcpu.readRegister('fflags'),
    pc: vcpu.readRegister('pc'),
    // Dirty whenever a register or a flag was written; it may say so more often.
    dirty: changes ? (vcpu.readRegister('mstatus') ?? 0n) & 0x6000n : 0x6000n,
  };
  const expected = {
    text: instruction.text,
    value: instruction.toInteger ? result : box(name, result),
    flags: BigInt(flags),
    pc: BigInt(RAM_BASE + index * 4 + 4),
    dirty: 0x6000n,
  };
  return [actual, expected];
};

const inputs = (name: FormatName) => {
  const value = floatOperand(FORMATS[name]).map((bits) => box(name, bits));
  const unboxed = fc.bigInt(0n, 2n ** 64n - 1n);
  const operand = fc.oneof({ weight: 12, arbitrary: value }, unboxed);
  const pair = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(operand, operand) },
    // Equal magnitudes cancel, and compare as equal.
    fc.tuple(value, fc.boolean()).map(([a, flip]) => [a, flip ? a ^ FORMATS[name].signBit : a] as const),
  );
  return fc.record({
    pair,
    frm: fc.integer({ min: 0, max: DYNAMIC - 1 }),
    // NX may be set already, which allows short cuts.
    flags: fc.constantFrom(0, 1, 0x1f),
  });
};

describe('floating-point instructions agree with the software unit in value and flags', () => {
  const kinds = { arithmetic, comparisons, 'sign injection': signInjections };
  const cases = Object.entries(kinds).flatMap(([kind, make]) =>
    (['s', 'd'] as const).map((name) => ({ kind, name, instructions: make(name) })),
  );
  it.each(cases)('$kind on format $name', async ({ name, instructions }) => {
    const core = await bareCore(instructions.map(({ text }) => text).join('\n'));
    fc.assert(
      fc.property(inputs(name), ({ pair: [a, b], frm, flags }) => {
        const compared = instructions.map((instruction, index) =>
          compare(core, name, index, instruction, { a, b, frm, flags }),
        );
        expect(compared.map(([actual]) => actual)).toEqual(compared.map(([, expected]) => expected));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('a product that rounds up to the smallest normal number', () => {
  // (1 − 2^−p) × 2^emin is tiny after rounding with unbounded exponent, though what is delivered is normal.
  it.each([
    ['s', 0x0080_0000n, 0x3f7f_ffffn],
    ['d', 0x0010_0000_0000_0000n, 0x3fef_ffff_ffff_ffffn],
  ] as const)('underflows on format %s, also while inexact is set already', async (name, smallest, factor) => {
    const { vcpu } = await bareCore(`fmul.${name} f3, f1, f2`);
    for (const flags of [0n, 1n]) {
      vcpu.writeRegister('f1', box(name, smallest));
      vcpu.writeRegister('f2', box(name, factor));
      vcpu.writeRegister('fcsr', flags);
      vcpu.writeRegister('pc', BigInt(RAM_BASE));
      vcpu.run(1);
      expect(vcpu.readRegister('f3')).toBe(box(name, smallest));
      expect(vcpu.readRegister('fflags')).toBe(3n);
    }
  });
});

describe('rounding modes that do not exist', () => {
  it.each([5, 6, 7])('make frm = %i an illegal instruction for the dynamic mode', async (frm) => {
    const { vcpu, read } = await bareCore('fadd.d f3, f1, f2, dyn\n .zero 60\nhandler: j handler');
    vcpu.writeRegister('mtvec', BigInt(RAM_BASE + 64));
    vcpu.writeRegister('mstatus', FS_INITIAL);
    vcpu.writeRegister('frm', BigInt(frm));
    vcpu.writeRegister('f3', 5n);
    vcpu.run(1);
    expect(read('mcause')).toBe(2);
    expect(vcpu.readRegister('f3')).toBe(5n);
  });

  it('are illegal instructions in the encoding, and all is illegal while FS is off', async () => {
    // fadd.d f3, f1, f2 with rm = 5.
    for (const [source, status] of [
      ['.word 0x0220d1d3', FS_INITIAL],
      ['fadd.d f3, f1, f2', 0n],
      ['fsgnj.s f3, f1, f2', 0n],
      ['feq.d a0, f1, f2', 0n],
      ['fld f3, 0(a0)', 0n],
      ['fsd f3, 0(a0)', 0n],
    ] as const) {
      const { vcpu, read } = await bareCore(`${source}\n .zero 60\nhandler: j handler`);
      vcpu.writeRegister('mtvec', BigInt(RAM_BASE + 64));
      vcpu.writeRegister('mstatus', status);
      vcpu.writeRegister('a0', BigInt(RAM_BASE + 128));
      vcpu.run(1);
      expect(read('mcause'), source).toBe(2);
      expect(read('mepc'), source).toBe(RAM_BASE);
    }
  });
});
