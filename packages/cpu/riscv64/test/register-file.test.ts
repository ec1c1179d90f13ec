import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BareCore, bareCore } from './bare-core.ts';

const anything = fc.bigInt(0n, 2n ** 64n - 1n);

describe('registers by name', () => {
  let core: BareCore;
  beforeAll(async () => {
    core = await bareCore('end: j end');
  });

  it('keep 64 bits in each of x1…x31 and f0…f31, apart from each other', () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 64, maxLength: 64 }), (values) => {
        const names = Array.from({ length: 64 }, (_, index) => (index < 32 ? `x${index}` : `f${index - 32}`));
        const written = names.map((name, index) => core.vcpu.writeRegister(name, values[index]));
        expect(written).toEqual(names.map((name) => name !== 'x0'));
        expect(names.map((name) => core.vcpu.readRegister(name))).toEqual([0n, ...values.slice(1)]);
      }),
      { numRuns: 20 },
    );
  });

  it('take values modulo 2^64, and pc without its lowest bit', () => {
    expect(core.vcpu.writeRegister('a0', 2n ** 64n + 5n)).toBe(true);
    expect(core.vcpu.readRegister('a0')).toBe(5n);
    expect(core.vcpu.writeRegister('pc', -1n)).toBe(true);
    expect(core.vcpu.readRegister('pc')).toBe(2n ** 64n - 2n);
  });

  it('refuse privileges that do not exist, and CSRs that are read-only', () => {
    for (const privilege of [2n, 4n, -1n]) expect(core.vcpu.writeRegister('priv', privilege)).toBe(false);
    for (const name of ['mhartid', 'cycle', 'time', 'instret', 'mvendorid']) {
      expect(core.vcpu.writeRegister(name, 1n), name).toBe(false);
    }
  });

  it.each([
    // Privileged Architecture: MPP = 2 is reserved, so the old value stays; UXL, SXL are 2; SD follows FS.
    ['mstatus', 2n ** 64n - 1n, 0x8000_000a_007e_79aan],
    ['mstatus', 0n, 0x0000_000a_0000_0000n],
    ['mtvec', 0x8000_0001n, 0x8000_0001n],
    // mepc and sepc hold even addresses.
    ['mepc', 0x8000_0003n, 0x8000_0002n],
    ['sepc', 2n ** 64n - 1n, 2n ** 64n - 2n],
    // Exceptions 10, 11 and 14 cannot be delegated.
    ['medeleg', 2n ** 64n - 1n, 0xb3ffn],
    ['mideleg', 2n ** 64n - 1n, 0x222n],
    ['mie', 2n ** 64n - 1n, 0xaaan],
    ['fcsr', 2n ** 64n - 1n, 0xffn],
    ['fflags', 0xffn, 0x1fn],
    ['frm', 0xfen, 6n],
    ['mcounteren', 2n ** 64n - 1n, 0xffff_ffffn],
    ['satp', (9n << 60n) | 5n, (9n << 60n) | 5n],
    ['mhpmcounter3', 5n, 0n],
    ['mscratch', 0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn],
  ])('%s keeps of %i what the manual says', async (name, value, expected) => {
    const { vcpu } = await bareCore('end: j end');
    vcpu.writeRegister('mstatus', 0x1800n);
    if (name === 'mstatus' && value === 0n) vcpu.writeRegister('mstatus', 0n);
    else vcpu.writeRegister(name, value);
    expect(vcpu.readRegister(name)?.toString(16)).toBe(expected.toString(16));
  });

  it('leave satp as it is when the mode does not exist', async () => {
    const { vcpu } = await bareCore('end: j end');
    const sv39 = (8n << 60n) | (7n << 44n) | 0x80000n;
    vcpu.writeRegister('satp', sv39);
    for (const mode of [1n, 7n, 11n, 15n]) {
      vcpu.writeRegister('satp', (mode << 60n) | 1n);
      expect(vcpu.readRegister('satp')).toBe(sv39);
    }
  });

  it('keep the old MPP where 2 is written', async () => {
    const { vcpu } = await bareCore('end: j end');
    for (const previous of [0n, 0x800n, 0x1800n]) {
      vcpu.writeRegister('mstatus', previous);
      vcpu.writeRegister('mstatus', 0x1000n);
      expect((vcpu.readRegister('mstatus') ?? 0n) & 0x1800n).toBe(previous);
    }
  });
});
