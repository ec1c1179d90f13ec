/**
 * Exact IEEE 754-2019 arithmetic on bit patterns, with every rounding mode and exception flag, as RISC-V's F, D, Zfhmin
 * and Zfa extensions define it: NaN results canonical, tininess detected after rounding, flags in `fflags` order.
 * It knows no register file: a core unboxes operands and boxes results.
 *
 * Specification: IEEE 754-2019; The RISC-V Instruction Set Manual, Volume I, chapters "F", "D", "Zfh/Zfhmin", "Zfa"
 * (https://github.com/riscv/riscv-isa-manual).
 *
 * @example
 * const unit = createFloatUnit();
 * const third = unit.div(binary64, RoundingMode.RUP, 0x3ff0000000000000n, 0x4008000000000000n);
 * // third === 0x3fd5555555555556n, unit.flags === FloatFlag.NX
 *
 * @module
 */
import { FloatUnit } from './unit.ts';

/** A unit with clear flags. Units share nothing. */
export const createFloatUnit = (): FloatUnit => new FloatUnit();

export { binary16, binary32, binary64, type FloatFormat } from './format.ts';
export type { IntegerFormat } from './integer.ts';
export { FloatFlag, RoundingMode } from './rounding.ts';
export { FloatUnit };
