import type { Helper } from '@vivarium/isa-riscv';
import { ModuleBuilder } from '@vivarium/wasm-emit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineHelpers } from '../src/emit/arithmetic.ts';

type Function64 = (...operands: readonly bigint[]) => bigint;

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Carry-less product of all 127 bits (Zbc). */
const carryless = (a: bigint, b: bigint): bigint => {
  let product = 0n;
  for (let bit = 0n; bit < 64n; bit += 1n) if ((unsigned(b) >> bit) & 1n) product ^= unsigned(a) << bit;
  return product;
};

const bytes = (value: bigint): readonly bigint[] =>
  Array.from({ length: 8 }, (_, index) => (unsigned(value) >> BigInt(index * 8)) & 0xffn);
const joined = (parts: readonly bigint[]): bigint => parts.reduceRight((sum, part) => (sum << 8n) | part, 0n);

const REFERENCE: Readonly<Record<Helper, Function64>> = {
  mulh: (a, b) => (signed(a) * signed(b)) >> 64n,
  mulhsu: (a, b) => (signed(a) * unsigned(b)) >> 64n,
  mulhu: (a, b) => (unsigned(a) * unsigned(b)) >> 64n,
  clmul: (a, b) => carryless(a, b),
  clmulh: (a, b) => carryless(a, b) >> 64n,
  clmulr: (a, b) => carryless(a, b) >> 63n,
  'orc.b': (a) => joined(bytes(a).map((byte) => (byte === 0n ? 0n : 0xffn))),
  rev8: (a) => joined(bytes(a).toReversed()),
};

const operand = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(0n, 1n, -1n, 2n, 2n ** 32n - 1n, 2n ** 32n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n)),
  // Few bytes that are not zero.
  fc.tuple(fc.nat(255), fc.nat(7)).map(([byte, place]) => signed(BigInt(byte) << BigInt(place * 8))),
);

const module = new ModuleBuilder();
for (const [name, index] of Object.entries(defineHelpers(module))) module.exportFunction(name, index);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));

describe('arithmetic that WebAssembly has no instruction for', () => {
  it.each(Object.keys(REFERENCE) as Helper[])('%s is exact for any operands', (name) => {
    const helper = exports[name] as Function64;
    const operands = name === 'orc.b' || name === 'rev8' ? 1 : 2;
    fc.assert(
      fc.property(operand, operand, (a, b) => {
        const given = [a, b].slice(0, operands);
        expect(helper(...given)).toBe(signed(REFERENCE[name](...given)));
      }),
      { numRuns: 2000 },
    );
  });
});
