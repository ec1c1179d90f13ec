import { virtBoard } from '@vivarium/board-virt';
import { type MachineMemory, MachineMemoryToken } from '@vivarium/contracts';
import { assemble as assembleProgram } from '@vivarium/isa-riscv';
import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { createInlineCell } from '../src/index.ts';
import { createCell, createParallelCell } from '../src/node.ts';

const RAM = 0x8000_0000;
/** Where programs leave a word for each hart. */
const MARKS = RAM + 0x10_0000;
const POWER_OFF = 'li t0, 0x100000\nli t1, 0x5555\nsw t1, 0(t0)\nj .';
const REBOOT = 'li t0, 0x100000\nli t1, 0x7777\nsw t1, 0(t0)\nj .';

const machineOf = (program: string, cpus: number, threads = true) =>
  assemble(
    virtBoard({
      memory: 32 << 20,
      cpus,
      threads,
      consoles: [],
      boot: { kind: 'bios', bios: { name: 'test', bytes: assembleProgram(program, { base: BigInt(RAM) }).bytes } },
    }),
  );

const mark = (memory: MachineMemory, hart: number): number =>
  new DataView((memory.read(MARKS + hart * 64, 4) ?? new Uint8Array(4)).buffer).getUint32(0, true);

/** Each hart leaves its mark, and goes on at `then`. */
const marking = (then: string): string => `
  li s0, ${MARKS}
  slli t0, a0, 6
  add s0, s0, t0
  li t0, 1
  sw t0, 0(s0)
  ${then}`;

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** Every hart reads a register of a device for ever: the UART's that has no console here, the CLINT's. */
const FLOOD = marking('csrw mie, zero\nli s1, 0x2004000\nagain: ld t0, 0(s1)\nlw t1, 0(s1)\nsw t1, 0(s1)\nj again');
const SPIN = marking('csrw mie, zero\nagain: addi t0, t0, 1\nj again');

describe('vCPUs on threads of their own', () => {
  it('interrupt each other, sleep, and power the machine off', async () => {
    // Hart 1 waits for a software interrupt of hart 0, answers with one, and hart 0 powers off.
    await using machine = await machineOf(
      `
      li t0, 8
      csrw mie, t0
      li s1, 0x2000000
      bnez a0, other
      li t0, 1
      sw t0, 4(s1)
      wfi
      lw t0, 0(s1)
      beqz t0, fail
      ${POWER_OFF}
      other: wfi
      lw t0, 4(s1)
      beqz t0, other
      sw zero, 4(s1)
      li t0, 1
      sw t0, 0(s1)
      rest: wfi
      j rest
      fail: li t0, 0x100000
      li t1, 0x13333
      sw t1, 0(t0)
      j .`,
      2,
    );
    const cell = createCell(machine);
    expect(await cell.run()).toEqual({ kind: 'power-off' });
    expect(cell.stats.instructions).toBeGreaterThan(10);
  });

  it.each([
    ['asking devices without end', FLOOD],
    ['spinning with interrupts off', SPIN],
  ])('are paused, reset and stopped while %s', async (_, program) => {
    await using machine = await machineOf(program, 3);
    const memory = machine.get(MachineMemoryToken);
    const cell = createParallelCell(machine);
    const end = cell.run();
    const all = (): boolean => [0, 1, 2].every((hart) => mark(memory, hart) === 1);
    await until(all);
    await cell.pause();
    const { instructions } = cell.stats;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(cell.stats.instructions).toBe(instructions);
    await cell.resume();
    await until(() => cell.stats.instructions > instructions);
    memory.write(MARKS, new Uint8Array(192));
    await cell.reset();
    await until(all);
    await cell.stop();
    expect(await end).toEqual({ kind: 'stopped' });
    await expect(cell.pause()).rejects.toMatchObject({ code: 'VIV_CELL_STATE' });
  });

  it('do nothing more once one has asked for a reboot', async () => {
    await using machine = await machineOf(marking(`bnez a0, rest\n${REBOOT}\nrest: wfi\nj rest`), 2);
    expect(await createCell(machine, { onReboot: 'stop' }).run()).toEqual({ kind: 'stopped' });
  });

  it('are at an end when none can ever do anything again', async () => {
    await using machine = await machineOf(marking('csrw mie, zero\nbeqz a0, spin\nrest: wfi\nj rest\nspin: j spin'), 2);
    expect(await createCell(machine).run()).toMatchObject({ kind: 'fault' });
  });

  it('see code that another has written after fence.i', async () => {
    // Hart 1 has executed the routine when hart 0 changes it, and executes it again.
    await using machine = await machineOf(
      `
      li s0, ${MARKS}
      bnez a0, other
      seen: lw t0, 0(s0)
      beqz t0, seen
      la t0, routine
      la t1, change
      lw t1, 0(t1)
      sw t1, 0(t0)
      fence rw, rw
      li t0, 1
      sw t0, 64(s0)
      rest: wfi
      j rest
      other: call routine
      sw a1, 0(s0)
      wait: lw t0, 64(s0)
      beqz t0, wait
      fence rw, rw
      fence.i
      call routine
      li t0, 7
      bne a1, t0, rest
      ${POWER_OFF}
      change: addi a1, zero, 7
      .option norvc
      routine: addi a1, zero, 1
      ret`,
      2,
    );
    expect(await createCell(machine).run()).toEqual({ kind: 'power-off' });
  });

  it('are refused where they cannot be, and where there are none', async () => {
    await using threaded = await machineOf(SPIN, 1);
    await using plain = await machineOf(SPIN, 1, false);
    const refused = expect.objectContaining({ code: 'VIV_CELL_THREADS' }) as Error;
    expect(() => createInlineCell(threaded)).toThrow(refused);
    expect(() => createParallelCell(plain)).toThrow(refused);
    expect(() => createParallelCell(threaded, { step: () => true })).toThrow(refused);
    expect(() => createParallelCell(threaded, { leased: true })).toThrow(refused);
  });
});
