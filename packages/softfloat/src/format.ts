/**
 * Binary interchange formats (IEEE 754-2019, section 3.4): the constants that arithmetic needs, computed from the
 * two parameters of a format, and the tests on bit patterns that every operation starts with.
 */
export interface FloatFormat {
  /** As in the suffix of a RISC-V mnemonic. */
  readonly name: 'h' | 's' | 'd';
  /** Bits of the encoding: 16, 32 or 64. */
  readonly width: number;
  /** Bits of the significand with the hidden one (p). */
  readonly precision: number;
  /** Exponent of the smallest normal number; the largest one's is `1 - minimumExponent`. */
  readonly minimumExponent: number;
  /** Exponent of the lowest bit of a subnormal number. */
  readonly minimumQuantum: number;
  /** precision − 1 as a shift count: where the exponent field starts. */
  readonly fractionBits: bigint;
  readonly fractionMask: bigint;
  readonly hiddenBit: bigint;
  /** Top bit of the fraction: set in quiet NaNs. */
  readonly quietBit: bigint;
  readonly signBit: bigint;
  /** All bits but the sign. */
  readonly magnitudeMask: bigint;
  /** +∞; its fraction bits are zero, so it is the mask of the exponent field as well. */
  readonly infinity: bigint;
  readonly largestFinite: bigint;
  /** The only NaN that RISC-V arithmetic makes: positive, quiet, no payload. */
  readonly canonicalNan: bigint;
}

const defineFormat = (name: FloatFormat['name'], width: number, precision: number): FloatFormat => {
  const fractionBits = BigInt(precision - 1);
  const exponentBits = width - precision;
  const hiddenBit = 1n << fractionBits;
  const quietBit = hiddenBit >> 1n;
  const infinity = ((1n << BigInt(exponentBits)) - 1n) << fractionBits;
  const signBit = 1n << BigInt(width - 1);
  const minimumExponent = 2 - 2 ** (exponentBits - 1);
  return {
    name,
    width,
    precision,
    minimumExponent,
    minimumQuantum: minimumExponent - (precision - 1),
    fractionBits,
    fractionMask: hiddenBit - 1n,
    hiddenBit,
    quietBit,
    signBit,
    magnitudeMask: signBit - 1n,
    infinity,
    largestFinite: infinity - 1n,
    canonicalNan: infinity | quietBit,
  };
};

export const binary16: FloatFormat = defineFormat('h', 16, 11);
export const binary32: FloatFormat = defineFormat('s', 32, 24);
export const binary64: FloatFormat = defineFormat('d', 64, 53);

export const isNan = (format: FloatFormat, bits: bigint): boolean => (bits & format.magnitudeMask) > format.infinity;

export const isSignalingNan = (format: FloatFormat, bits: bigint): boolean =>
  (bits & format.quietBit) === 0n && isNan(format, bits);

export const isInfinite = (format: FloatFormat, bits: bigint): boolean =>
  (bits & format.magnitudeMask) === format.infinity;

export const isZero = (format: FloatFormat, bits: bigint): boolean => (bits & format.magnitudeMask) === 0n;

export const isNegative = (format: FloatFormat, bits: bigint): boolean => (bits & format.signBit) !== 0n;

/** Significand of a finite number as an integer; its lowest bit weighs 2^{@link quantumOf}. */
export const significandOf = (format: FloatFormat, bits: bigint): bigint => {
  const fraction = bits & format.fractionMask;
  return (bits & format.infinity) === 0n ? fraction : fraction | format.hiddenBit;
};

/** Exponent of the lowest significand bit of a finite number. */
export const quantumOf = (format: FloatFormat, bits: bigint): number => {
  const biased = Number((bits & format.infinity) >> format.fractionBits);
  return format.minimumQuantum + (biased === 0 ? 0 : biased - 1);
};
