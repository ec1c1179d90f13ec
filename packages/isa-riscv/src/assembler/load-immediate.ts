import { errors } from '../errors.ts';
import type { PlainInstruction } from './plain-instruction.ts';

const LOW_BITS = 12;

const trailingZeros = (value: bigint): number => {
  let count = 0;
  for (let rest = value; (rest & 1n) === 0n; rest >>= 1n) count += 1;
  return count;
};

const sequence = (register: string, value: bigint): PlainInstruction[] => {
  const low = BigInt.asIntN(LOW_BITS, value);
  if (value === low) return [['addi', register, 'zero', String(value)]];
  if (value === BigInt.asIntN(32, value)) {
    const upper = BigInt.asUintN(20, (value - low) >> BigInt(LOW_BITS));
    const lui: PlainInstruction = ['lui', register, String(upper)];
    // addiw, not addi: the sum wraps to 32 bits for values just below 2^31.
    return low === 0n ? [lui] : [lui, ['addiw', register, register, String(low)]];
  }
  const rest = BigInt.asIntN(64, value - low);
  const shift = trailingZeros(rest);
  const shifted: PlainInstruction[] = [
    ...sequence(register, rest >> BigInt(shift)),
    ['slli', register, register, String(shift)],
  ];
  return low === 0n ? shifted : [...shifted, ['addi', register, register, String(low)]];
};

/** Instructions that put a constant, −2^63…2^64−1, into `register`: at most eight. */
export const loadImmediate = (register: string, value: bigint): readonly PlainInstruction[] => {
  const signed = BigInt.asIntN(64, value);
  if (value !== signed && value !== BigInt.asUintN(64, value)) {
    throw errors.make('VIV_ASSEMBLER_RANGE', `${value} does not fit 64 bits`);
  }
  return sequence(register, signed);
};
