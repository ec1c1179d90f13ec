import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareCore } from './bare-core.ts';

const END = 'end: j end';

describe('mcycle and minstret', () => {
  it('count instructions before the one that reads', async () => {
    const { vcpu, read } = await bareCore(
      `csrr a0, minstret\n nop\n nop\n csrr a1, minstret\n csrr a2, mcycle\n${END}`,
    );
    vcpu.run(5);
    expect([read('a0'), read('a1'), read('a2')]).toEqual([0, 3, 4]);
  });

  it('read back what was written, and count on from there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom('mcycle', 'minstret'), async (value, name) => {
        const { vcpu } = await bareCore(`csrw ${name}, a0\n csrr a1, ${name}\n nop\n csrr a2, ${name}\n${END}`);
        vcpu.writeRegister('a0', value);
        vcpu.run(4);
        expect(vcpu.readRegister('a1')).toBe(value);
        expect(vcpu.readRegister('a2')).toBe(BigInt.asUintN(64, value + 2n));
      }),
      { numRuns: 20 },
    );
  });

  it('stand still while inhibited, each by its own bit', async () => {
    const { vcpu, read } = await bareCore(`
  csrwi mcountinhibit, 4
  csrr a0, minstret
  csrr a1, mcycle
  nop
  csrr a2, minstret
  csrr a3, mcycle
  csrwi mcountinhibit, 1
  csrr a4, minstret
  csrr a5, mcycle
  nop
  csrr a6, minstret
  csrr a7, mcycle
${END}`);
    vcpu.run(12);
    expect(read('a2')).toBe(read('a0'));
    expect(read('a3')).toBe(read('a1') + 3);
    expect(read('a6')).toBe(read('a4') + 3);
    expect(read('a7')).toBe(read('a5'));
    expect(read('mcountinhibit')).toBe(1);
  });

  it('can be set while inhibited, and go on from there', async () => {
    const { vcpu, read } = await bareCore(`
  csrwi mcountinhibit, 5
  li t0, 1000
  csrw mcycle, t0
  csrw minstret, t0
  nop
  csrr a0, mcycle
  csrwi mcountinhibit, 0
  csrr a1, mcycle
  csrr a2, minstret
${END}`);
    vcpu.run(9);
    expect([read('a0'), read('a1'), read('a2')]).toEqual([1000, 1000, 1001]);
  });

  it('differ by the instructions that trapped', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, handler
  csrw mtvec, t0
  ecall
.balign 4
handler: csrr a0, mcycle
  csrr a1, minstret
${END}`);
    vcpu.run(6);
    expect(read('a0') - read('a1')).toBe(0);
    expect(vcpu.retired).toBe(5);
  });

  it('may be read below M-mode only where mcounteren and scounteren say so', async () => {
    for (const [machine, supervisor, privilege, legal] of [
      [0, 7, 1, false],
      [7, 0, 1, true],
      [7, 0, 0, false],
      [7, 7, 0, true],
      [0, 7, 0, false],
    ] as const) {
      for (const name of ['cycle', 'time', 'instret']) {
        const { vcpu, read } = await bareCore(`csrr a0, ${name}\n${END}`);
        vcpu.writeRegister('mcounteren', BigInt(machine));
        vcpu.writeRegister('scounteren', BigInt(supervisor));
        vcpu.writeRegister('mtvec', 0x8000_0100n);
        vcpu.writeRegister('priv', BigInt(privilege));
        vcpu.run(1);
        expect(read('mcause'), `${name} at ${privilege}`).toBe(legal ? 0 : 2);
      }
    }
  });
});

describe('time', () => {
  it('is the clock in ticks of the timebase', async () => {
    const { vcpu, clock } = await bareCore(`csrr a0, time\n${END}`);
    // 10 MHz: 100 ns a tick. Beyond 2^32 ticks, so that both halves count.
    clock.advance(100 * 5_000_000_000 + 99);
    vcpu.run(1);
    expect(vcpu.readRegister('a0')).toBe(5_000_000_000n);
  });

  it('reaches stimecmp: then the timer interrupt is pending, and before that it is the deadline', async () => {
    const { vcpu, clock, read } = await bareCore(`csrr a0, mip\n csrr a1, mip\n${END}`);
    vcpu.writeRegister('menvcfg', 1n << 63n);
    vcpu.writeRegister('stimecmp', 1000n);
    expect(vcpu.nextDeadline).toBe(100_000);
    clock.advance(99_999);
    vcpu.run(1);
    expect(read('a0') & 0x20).toBe(0);
    clock.advance(1);
    vcpu.run(1);
    expect(read('a1') & 0x20).toBe(0x20);
    // No comparator, no deadline.
    vcpu.writeRegister('menvcfg', 0n);
    expect(vcpu.nextDeadline).toBeUndefined();
  });

  it('has no deadline when stimecmp lies beyond exact numbers', async () => {
    const { vcpu } = await bareCore(END);
    vcpu.writeRegister('menvcfg', 1n << 63n);
    for (const far of [2n ** 64n - 1n, 2n ** 53n, 2n ** 52n]) {
      vcpu.writeRegister('stimecmp', far);
      expect(vcpu.nextDeadline).toBeUndefined();
      expect(vcpu.readRegister('stimecmp')).toBe(far);
    }
  });
});
