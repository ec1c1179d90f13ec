import { describe, expect, it } from 'vitest';
import { bareCore, RAM_BASE, toSupervisor } from './bare-core.ts';

const COUNT = 'loop: addi a0, a0, 1\n  j loop';

describe('running', () => {
  it('executes exactly the budget, whatever it is', async () => {
    const { vcpu, read } = await bareCore(COUNT);
    let total = 0;
    for (const budget of [1, 2, 3, 64, 999, 1, 100_000]) {
      expect(vcpu.run(budget)).toEqual({ kind: 'budget' });
      total += budget;
      expect(vcpu.retired).toBe(total);
      expect(read('a0')).toBe(Math.ceil(total / 2));
    }
  });

  it('is stopped until it is started, and again after stop', async () => {
    const { vcpu } = await bareCore(COUNT);
    vcpu.stop();
    expect(vcpu.running).toBe(false);
    expect(vcpu.run(10)).toEqual({ kind: 'stopped' });
    vcpu.start(BigInt(RAM_BASE), 5n);
    expect(vcpu.running).toBe(true);
    expect(vcpu.readRegister('a1')).toBe(5n);
    expect(vcpu.run(10)).toEqual({ kind: 'budget' });
  });

  it('is idle at wfi until an enabled interrupt is pending', async () => {
    const { vcpu, read } = await bareCore('li t0, 8\n csrw mie, t0\n wfi\n li a0, 7\nend: nop\n j end');
    expect(vcpu.run(1000)).toEqual({ kind: 'idle' });
    expect(vcpu.wakeup).toBe(false);
    expect(vcpu.run(1000)).toEqual({ kind: 'idle' });
    vcpu.interruptInput('msip')!.set(true);
    expect(vcpu.wakeup).toBe(true);
    expect(vcpu.run(1000)).toEqual({ kind: 'budget' });
    expect(read('a0')).toBe(7);
  });

  it('H8 ends with a named fault where nothing can ever happen again', async () => {
    const { vcpu } = await bareCore('nop\nend: j end');
    expect(vcpu.run(1000)).toMatchObject({
      kind: 'fault',
      fault: { code: 'GUEST_SPINS_FOREVER', vcpu: 0, pc: BigInt(RAM_BASE + 4) },
    });
  });

  it('takes an interrupt that comes from outside', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, handler
  csrw mtvec, t0
  li t0, 0x800
  csrw mie, t0
  csrsi mstatus, 8
loop: addi a0, a0, 1
  j loop
.balign 4
handler: csrr a1, mcause
end: j end`);
    vcpu.run(1000);
    expect(vcpu.readRegister('a1')).toBe(0n);
    vcpu.interruptInput('meip')!.set(true);
    vcpu.run(10);
    expect(vcpu.readRegister('a1')).toBe((1n << 63n) | 11n);
    expect(read('mepc')).toBeGreaterThanOrEqual(RAM_BASE);
    expect(vcpu.interruptInput('teapot')).toBeUndefined();
  });
});

describe('registers', () => {
  it('are known by number and by ABI name, and by nothing else', async () => {
    const { vcpu } = await bareCore(COUNT);
    expect(vcpu.writeRegister('x10', -1n)).toBe(true);
    expect(vcpu.readRegister('a0')).toBe(2n ** 64n - 1n);
    expect(vcpu.writeRegister('fa0', 0x3ff0_0000_0000_0000n)).toBe(true);
    expect(vcpu.readRegister('f10')).toBe(0x3ff0_0000_0000_0000n);
    expect(vcpu.readRegister('teapot')).toBeUndefined();
    expect(vcpu.writeRegister('teapot', 1n)).toBe(false);
    expect(vcpu.readRegister('zero')).toBe(0n);
  });

  it('are all readable by the names that are listed', async () => {
    const { vcpu } = await bareCore(COUNT);
    const unreadable = vcpu.registerNames.filter((name) => vcpu.readRegister(name) === undefined);
    expect(unreadable).toEqual([]);
    expect(vcpu.registerNames).toContain('mstatus');
  });

  it('are as after power-on after a reset', async () => {
    const { vcpu } = await bareCore(COUNT);
    vcpu.run(100);
    vcpu.writeRegister('mie', 0x888n);
    vcpu.reset();
    expect(vcpu.readRegister('a0')).toBe(0n);
    expect(vcpu.readRegister('mie')).toBe(0n);
    expect(vcpu.readRegister('priv')).toBe(3n);
  });
});

describe('environment calls', () => {
  const FROM_S = `
  la t0, handler
  csrw mtvec, t0
  ${toSupervisor('supervisor')}
supervisor:
  ecall
  addi a1, a1, 1
end: j end
.balign 4
handler: csrr a2, mcause
  j handler`;

  it('of S-mode go to the firmware of the host', async () => {
    const { core, vcpu, read } = await bareCore(FROM_S);
    const callers: number[] = [];
    core.onEnvironmentCall((caller) => {
      callers.push(caller.index);
      caller.writeRegister('a0', 42n);
      return 'handled';
    });
    vcpu.run(100);
    expect(callers).toEqual([0]);
    expect(read('a0')).toBe(42);
    expect(read('a1')).toBe(1);
    expect(read('priv')).toBe(1);
  });

  it('are ordinary traps when it reflects them, or is gone', async () => {
    for (const handler of [() => 'reflect' as const, undefined]) {
      const { core, vcpu, read } = await bareCore(FROM_S);
      core.onEnvironmentCall(handler);
      vcpu.run(100);
      expect(read('a2')).toBe(9);
      expect(read('a1')).toBe(0);
    }
  });

  it('may end the run early', async () => {
    const { core, vcpu } = await bareCore(FROM_S);
    core.onEnvironmentCall((caller) => {
      caller.yieldSoon();
      return 'handled';
    });
    expect(vcpu.run(100_000)).toEqual({ kind: 'budget' });
    expect(vcpu.attemptedInSlice).toBeLessThan(100);
  });
});

describe('devices', () => {
  it('see each access with its width and value, and answer it', async () => {
    const seen: unknown[] = [];
    const { vcpu } = await bareCore(
      'li a0, 0x10000000\n li a1, -2\n sb a1, 1(a0)\n sh a1, 2(a0)\n sw a1, 4(a0)\n lb a2, 1(a0)\n lhu a3, 2(a0)\n lw a4, 4(a0)\nend: j end',
      {
        write: (address, width, value) => {
          seen.push([address, width, value]);
          return true;
        },
        read: (_, width) => 2 ** (8 * width) - 1,
      },
    );
    vcpu.run(100);
    expect(seen).toEqual([
      [0x1000_0001, 1, 0xfe],
      [0x1000_0002, 2, 0xfffe],
      [0x1000_0004, 4, 0xffff_fffe],
    ]);
    expect(['a2', 'a3', 'a4'].map((name) => vcpu.readRegister(name))).toEqual([
      2n ** 64n - 1n,
      0xffffn,
      2n ** 64n - 1n,
    ]);
  });

  it('that are not there are access faults', async () => {
    const { vcpu, read } = await bareCore(
      'la t0, handler\n csrw mtvec, t0\n li a0, 0x10000000\n lw a1, 8(a0)\n.balign 4\nhandler: csrr a2, mcause\n csrr a3, mtval\nend: j end',
    );
    vcpu.run(100);
    expect(read('a2')).toBe(5);
    expect(read('a3')).toBe(0x1000_0008);
  });
});

describe('code that the host changes', () => {
  it('is decoded anew', async () => {
    const { vcpu, memory, symbols, read } = await bareCore('loop: addi a0, a0, 1\n  j loop');
    vcpu.run(100);
    const before = read('a0');
    const ADDI_A0_A0_0 = Uint8Array.of(0x13, 0x05, 0x05, 0x00);
    memory.write(Number(symbols.get('loop')), ADDI_A0_A0_0);
    vcpu.run(100);
    expect(read('a0')).toBe(before);
  });
});
