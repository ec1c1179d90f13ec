import { describe, expect, it } from 'vitest';
import { bareCore, RAM_BASE } from './bare-core.ts';

const faultOf = async (source: string, budget = 100_000): Promise<{ code: string; pc: bigint | undefined }> => {
  const { vcpu } = await bareCore(source);
  const exit = vcpu.run(budget);
  if (exit.kind !== 'fault') throw new Error(`the run ended with ${exit.kind}`);
  expect(exit.fault.vcpu).toBe(0);
  expect(exit.fault.message).toContain(`pc 0x${exit.fault.pc?.toString(16)}`);
  // It stays so.
  expect(vcpu.run(budget)).toEqual(exit);
  return { code: exit.fault.code, pc: exit.fault.pc };
};

describe('a guest that can do nothing any more is told so', () => {
  it('when it waits with all interrupts disabled', async () => {
    expect(await faultOf('nop\n wfi\n nop')).toEqual({ code: 'GUEST_WAITS_FOREVER', pc: BigInt(RAM_BASE + 8) });
  });

  it('when it jumps to itself with interrupts off', async () => {
    expect(await faultOf('nop\nend: j end')).toEqual({ code: 'GUEST_SPINS_FOREVER', pc: BigInt(RAM_BASE + 4) });
    expect(await faultOf('.option rvc\n nop\nend: j end')).toMatchObject({ code: 'GUEST_SPINS_FOREVER' });
  });

  it('when its trap handler traps at its own first instruction, or is nowhere', async () => {
    expect(await faultOf('la t0, handler\n csrw mtvec, t0\n.balign 4\nhandler: .word 0')).toMatchObject({
      code: 'GUEST_TRAP_LOOP',
    });
    expect(await faultOf('csrw mtvec, zero\n ecall')).toEqual({ code: 'GUEST_TRAP_LOOP', pc: 0n });
  });

  it('and after a reset it may try again', async () => {
    const { vcpu } = await bareCore('nop\nend: j end');
    expect(vcpu.run(10)).toMatchObject({ kind: 'fault' });
    vcpu.reset();
    expect(vcpu.run(10)).toEqual({ kind: 'stopped' });
    vcpu.start(BigInt(RAM_BASE), 0n);
    expect(vcpu.run(1)).toEqual({ kind: 'budget' });
  });
});

describe('a guest that an interrupt can still reach', () => {
  it('H8 waits, and wakes though interrupts are off in mstatus', async () => {
    const { vcpu, read } = await bareCore('li t0, 0x80\n csrw mie, t0\n wfi\n addi a0, a0, 1\nend: j end');
    expect(vcpu.run(100)).toEqual({ kind: 'idle' });
    expect(vcpu.attemptedInSlice).toBe(3);
    vcpu.interruptInput('mtip')!.set(true);
    vcpu.run(1);
    expect(read('a0')).toBe(1);
  });

  it('H8 spins in `j .` until it comes, and uses up each slice at once', async () => {
    const { vcpu, read } = await bareCore(`
  la t0, handler
  csrw mtvec, t0
  li t0, 8
  csrw mie, t0
  csrsi mstatus, 8
spin: j spin
.balign 4
handler: addi a0, a0, 1
  csrw mie, zero
  mret`);
    expect(vcpu.run(1_000_000_000)).toEqual({ kind: 'budget' });
    expect(vcpu.attemptedInSlice).toBe(1_000_000_000);
    expect(vcpu.retired).toBe(1_000_000_000);
    vcpu.interruptInput('msip')!.set(true);
    vcpu.run(3);
    expect(read('a0')).toBe(1);
  });

  it('traps where the handler gets somewhere, and never ends for that', async () => {
    const { vcpu } = await bareCore(`
  la t0, handler
  csrw mtvec, t0
again: ecall
  j again
.balign 4
handler: csrr t1, mepc
  addi t1, t1, 4
  csrw mepc, t1
  mret`);
    expect(vcpu.run(1_000_000)).toEqual({ kind: 'budget' });
  });
});

describe('interrupt inputs', () => {
  it.each([
    ['ssip', 1],
    ['msip', 3],
    ['stip', 5],
    ['mtip', 7],
    ['seip', 9],
    ['meip', 11],
  ])('%s shows as bit %i of mip', async (name, bit) => {
    const { vcpu, read } = await bareCore('end: j end');
    const line = vcpu.interruptInput(name)!;
    line.set(true);
    expect(read('mip')).toBe(1 << bit);
    line.set(false);
    // An edge of ssip stays until software clears it (ACLINT, chapter 4); the others are levels.
    expect(read('mip')).toBe(name === 'ssip' ? 1 << bit : 0);
  });

  it('ssip stays cleared while the line is high, and is set again by the next rise', async () => {
    const { vcpu, read } = await bareCore('csrwi mip, 0\nend: j end');
    const line = vcpu.interruptInput('ssip')!;
    line.set(true);
    vcpu.run(1);
    line.set(true);
    expect(read('mip')).toBe(0);
    line.set(false);
    line.set(true);
    expect(read('mip')).toBe(2);
  });

  it('wake listeners once a rise, also while the interrupt is disabled', async () => {
    const { vcpu } = await bareCore('end: j end');
    let calls = 0;
    const remove = vcpu.onWakeup!(() => calls++);
    const line = vcpu.interruptInput('seip')!;
    line.set(true);
    line.set(true);
    expect(calls).toBe(1);
    expect(vcpu.wakeup).toBe(false);
    line.set(false);
    line.set(true);
    expect(calls).toBe(2);
    vcpu.stop();
    vcpu.start(BigInt(RAM_BASE), 0n);
    expect(calls).toBe(3);
    remove();
    line.set(false);
    line.set(true);
    expect(calls).toBe(3);
  });

  it('that rise inside a run are taken before the next instruction and wake nobody', async () => {
    const core = await bareCore(
      `
  la t0, handler
  csrw mtvec, t0
  li t0, 0x800
  csrw mie, t0
  csrsi mstatus, 8
  li a1, 0x10000000
  sw zero, 0(a1)
  addi a0, a0, 1
.balign 4
handler: csrr a2, mepc
  csrr a3, mcause
  addi a4, a4, 1
  j handler`,
      {
        write: () => {
          core.vcpu.interruptInput('meip')!.set(true);
          return true;
        },
      },
    );
    const { vcpu, read } = core;
    let woken = 0;
    vcpu.onWakeup!(() => woken++);
    expect(vcpu.run(100)).toEqual({ kind: 'budget' });
    expect(vcpu.attemptedInSlice).toBe(100);
    expect(read('a0')).toBe(0);
    expect(vcpu.readRegister('a3')).toBe((1n << 63n) | 11n);
    expect(woken).toBe(0);
  });
});
