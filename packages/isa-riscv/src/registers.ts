/** Register names of the calling convention (RISC-V ABIs Specification, "Register Convention"), by number. */
export const integerRegisterNames: readonly string[] = [
  ...['zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5'],
  ...['a6', 'a7', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6'],
];

/** Floating-point register names of the calling convention, by number. */
export const floatRegisterNames: readonly string[] = [
  ...['ft0', 'ft1', 'ft2', 'ft3', 'ft4', 'ft5', 'ft6', 'ft7', 'fs0', 'fs1', 'fa0', 'fa1', 'fa2', 'fa3', 'fa4', 'fa5'],
  ...['fa6', 'fa7', 'fs2', 'fs3', 'fs4', 'fs5', 'fs6', 'fs7', 'fs8', 'fs9', 'fs10', 'fs11', 'ft8', 'ft9', 'ft10'],
  'ft11',
];

const numbered = (name: string, prefix: 'x' | 'f'): number => {
  const match = /^[xf](\d|[12]\d|3[01])$/.exec(name);
  return match !== null && name.startsWith(prefix) ? Number(match[1]) : -1;
};

/** Number of an integer register by ABI name, `x0`–`x31` or `fp`; −1 when there is none. */
export const integerRegister = (name: string): number =>
  name === 'fp' ? 8 : Math.max(integerRegisterNames.indexOf(name), numbered(name, 'x'));

/** Number of a floating-point register by ABI name or `f0`–`f31`; −1 when there is none. */
export const floatRegister = (name: string): number => Math.max(floatRegisterNames.indexOf(name), numbered(name, 'f'));

/** Rounding modes by the value of field rm (unprivileged manual, chapter "F"); 5 and 6 are reserved. */
export const roundingModeNames: readonly string[] = ['rne', 'rtz', 'rdn', 'rup', 'rmm', '', '', 'dyn'];

/** The constants of Zfa's fli by number, as the assembler writes them (unprivileged manual, chapter "Zfa"). */
export const floatConstants: readonly string[] = [
  ...['-1.0', 'min', '1.52587890625e-05', '3.0517578125e-05', '0.00390625', '0.0078125', '0.0625', '0.125', '0.25'],
  ...['0.3125', '0.375', '0.4375', '0.5', '0.625', '0.75', '0.875', '1.0', '1.25', '1.5', '1.75', '2.0', '2.5', '3.0'],
  ...['4.0', '8.0', '16.0', '128.0', '256.0', '32768.0', '65536.0', 'inf', 'nan'],
];
