import { CharPortToken, CpuCoreToken, type PowerRequest } from '@vivarium/contracts';
import { assemble } from '@vivarium/kernel';
import { describe, expect, it } from 'vitest';
import { type VirtBoardOptions, virtBoard } from '../src/index.ts';
import { assembleProgram } from './programs.ts';

const SLICE = 10_000;
const MAXIMUM_SLICES = 1000;

/** Runs a machine on a virtual clock, hart by hart, until it asks for power off; its output and the request. */
const run = async (options: VirtBoardOptions): Promise<{ output: string; request: PowerRequest | undefined }> => {
  await using machine = await assemble(virtBoard({ ...options, clock: 'virtual' }));
  const chunks: Uint8Array[] = [];
  machine.get(CharPortToken).onOutput((bytes) => void chunks.push(bytes.slice()));
  await machine.start();
  let request: PowerRequest | undefined;
  for (let slice = 0; slice < MAXIMUM_SLICES && request === undefined; slice += 1) {
    for (const hart of machine.get(CpuCoreToken).vcpus) {
      const exit = hart.run(SLICE);
      expect(exit.kind).not.toBe('fault');
    }
    request = machine.takePowerRequest();
  }
  await new Promise((resolve) => setImmediate(resolve));
  return { output: new TextDecoder().decode(Buffer.concat(chunks)), request };
};

const SBI_PRELUDE = `
.macro sbi extension, function
  li a7, \\extension
  li a6, \\function
  ecall
.endm
.macro put character
  li a0, \\character
  sbi 0x4442434e, 2
.endm
.globl _start
`;

describe('programs on the board', () => {
  it('runs a kernel in S-mode that prints by SBI and powers off', async () => {
    const kernel = assembleProgram(
      `${SBI_PRELUDE}
_start:
  csrr t0, sstatus      # traps in U-mode, works in S-mode
  put 'o'
  put 'k'
  li a0, 0
  li a1, 0
  sbi 0x53525354, 0
1: j 1b
`,
      0x8020_0000,
    );
    expect(await run({ boot: { kind: 'kernel', kernel } })).toEqual({ output: 'ok', request: { kind: 'power-off' } });
  });

  it('starts a second hart, which gets its id and argument, and interrupts the first one', async () => {
    const kernel = assembleProgram(
      `${SBI_PRELUDE}
_start:
  li a0, 1
  la a1, second
  li a2, 'x'
  sbi 0x48534d, 0       # hart_start(1, second, 'x')
  li t0, 2
  csrw sie, t0          # SSIE: wakes wfi, sstatus.SIE stays 0
1: wfi
  csrr t0, sip
  andi t0, t0, 2
  beqz t0, 1b
  put '!'
  li a0, 0
  li a1, 1
  sbi 0x53525354, 0     # shutdown, system failure
2: j 2b
second:
  mv s0, a1
  addi a0, a0, '0'
  sbi 0x4442434e, 2
  mv a0, s0
  sbi 0x4442434e, 2
  li a0, 1
  li a1, 0
  sbi 0x735049, 0       # send_ipi(hart 0)
  sbi 0x48534d, 1       # hart_stop
`,
      0x8020_0000,
    );
    expect(await run({ cpus: 2, boot: { kind: 'kernel', kernel } })).toEqual({
      output: '1x!',
      request: { kind: 'failure', code: 1 },
    });
  });

  it('runs a bare program in M-mode that finds its device tree and the devices where QEMU has them', async () => {
    const bios = assembleProgram(
      `
.globl _start
_start:
  csrr t0, mhartid      # traps below M-mode
  lw t1, 0(a1)          # big-endian magic of the device tree
  li t2, 0xedfe0dd0
  sext.w t2, t2
  bne t1, t2, fail
  li t0, 0x10000000
  li t1, 'M'
  sb t1, 0(t0)
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
fail:
  li t0, 0x100000
  li t1, 0x33333
  sw t1, 0(t0)
2: j 2b
`,
      0x8000_0000,
    );
    expect(await run({ boot: { kind: 'bios', bios } })).toEqual({ output: 'M', request: { kind: 'power-off' } });
  });
});
