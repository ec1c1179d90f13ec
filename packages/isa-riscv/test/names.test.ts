import { describe, expect, it } from 'vitest';
import {
  assemble,
  CSR,
  createDecoder,
  csrNames,
  csrNumbers,
  disassemble,
  ExceptionCause,
  floatConstants,
  floatRegister,
  floatRegisterNames,
  InterruptCause,
  instructions,
  integerRegister,
  integerRegisterNames,
} from '../src/index.ts';

describe('register names', () => {
  it('read back to their numbers, by ABI name and by number', () => {
    expect(new Set(integerRegisterNames).size).toBe(32);
    expect(new Set(floatRegisterNames).size).toBe(32);
    for (let number = 0; number < 32; number += 1) {
      expect(integerRegister(integerRegisterNames[number] ?? '')).toBe(number);
      expect(integerRegister(`x${number}`)).toBe(number);
      expect(floatRegister(floatRegisterNames[number] ?? '')).toBe(number);
      expect(floatRegister(`f${number}`)).toBe(number);
    }
    expect(integerRegister('fp')).toBe(8);
  });

  it('are refused when they do not exist', () => {
    for (const name of ['', 'x32', 'x01', 'f0', 'a8', 's12', 't7', 'X1']) expect(integerRegister(name), name).toBe(-1);
    for (const name of ['', 'f32', 'x0', 'fa8', 'ft12', 'fp']) expect(floatRegister(name), name).toBe(-1);
  });
});

describe('CSR names', () => {
  it('are one to one with 12-bit numbers', () => {
    expect(csrNames.size).toBe(csrNumbers.size);
    for (const [name, number] of csrNumbers) {
      expect(csrNames.get(number)).toBe(name);
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(0x1000);
    }
  });

  it('have the privilege level that their number says in its bits 9 and 8', () => {
    const level = { m: 3, s: 1 } as const;
    // Names of U-mode begin with anything; seed happens to begin like those of S-mode.
    for (const [name, number] of csrNumbers) {
      if (!/^[ms]/.test(name) || name === 'seed') continue;
      expect((number >> 8) & 3, name).toBe(level[name.charAt(0) as 'm' | 's']);
    }
    expect(CSR.satp).toBe(0x180);
    expect(csrNumbers.get('pmpaddr63')).toBe(0x3ef);
    expect(csrNumbers.get('hpmcounter31')).toBe(0xc1f);
    expect(csrNumbers.get('mhpmevent31')).toBe(0x33f);
  });
});

describe('causes', () => {
  it('are those of the privileged manual', () => {
    expect(ExceptionCause.EnvironmentCallFromM - ExceptionCause.EnvironmentCallFromU).toBe(3);
    expect([ExceptionCause.InstructionPageFault, ExceptionCause.LoadPageFault, ExceptionCause.StorePageFault]).toEqual([
      12, 13, 15,
    ]);
    expect(Object.values(InterruptCause)).toEqual([1, 3, 5, 7, 9, 11, 13]);
    expect(new Set(Object.values(ExceptionCause)).size).toBe(Object.keys(ExceptionCause).length);
  });
});

describe('constants of fli', () => {
  it('ascend from the third on, and are exact in single precision', () => {
    const values = floatConstants.slice(2, 30).map(Number);
    expect(floatConstants.length).toBe(32);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    for (const value of values) expect(Math.fround(value)).toBe(value);
    expect(values.slice(0, 5)).toEqual([2 ** -16, 2 ** -15, 2 ** -8, 2 ** -7, 2 ** -4]);
  });
});

describe('the example of the README', () => {
  it('is true', () => {
    const { bytes } = assemble('loop: addi a0, a0, -1\n bnez a0, loop', { base: 0x80000000n });
    const word = new DataView(bytes.buffer).getUint32(0, true);
    const decoder = createDecoder();
    const number = decoder.decode(word);
    expect(instructions[number]?.name).toBe('addi');
    expect(instructions[number]?.semantics).toMatchObject([{ kind: 'set-x' }]);
    expect(decoder.immediate(number, word)).toBe(-1);
    expect(decoder.expandCompressed(0x157d)).toBe(word);
    expect(disassemble(word, 0x80000000n)).toBe('addi a0,a0,-1');
  });
});
