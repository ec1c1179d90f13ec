import type { FloatFormat } from '@vivarium/softfloat';
import fc from 'fast-check';

/** Bit patterns of a format: special values, edges of the exponent range, near one, and anything. */
export const floatOperand = (format: FloatFormat): fc.Arbitrary<bigint> => {
  const exponents = Number(format.infinity >> format.fractionBits);
  const exponent = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: exponents - 3, max: exponents }),
    fc.integer({ min: (exponents >> 1) - 60, max: (exponents >> 1) + 60 }),
    fc.integer({ min: 0, max: exponents }),
  );
  const fraction = fc.oneof(
    fc.bigInt(0n, format.fractionMask),
    fc.bigInt(0n, 7n),
    fc.bigInt(0n, 7n).map((value) => format.fractionMask - value),
    fc.bigInt(0n, format.fractionMask).map((value) => value & ~(format.fractionMask >> 8n)),
  );
  return fc
    .tuple(fc.boolean(), exponent, fraction)
    .map(([negative, e, f]) => (negative ? format.signBit : 0n) | (BigInt(e) << format.fractionBits) | f);
};
