/** Recipes: a small guest on bare metal that obeys its console, and Debian. They are imported inside of the cells. */
import { readFile } from 'node:fs/promises';
import { pipeConsole, virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { commandLine, execOverlay } from '@vivarium/guest-debian';
import { assemble } from '@vivarium/isa-riscv';

const MIB = 1024 * 1024;

/** Sends back what it is sent; powers off at a full stop, and has no way out at an exclamation mark. */
const OBEDIENT = `
  li s0, 0x10000000
1: lbu t1, 5(s0)
  andi t1, t1, 1
  beqz t1, 1b
  lbu s1, 0(s0)
  sb s1, 0(s0)
  li t1, '.'
  beq s1, t1, 3f
  li t1, '!'
  beq s1, t1, 4f
  j 1b
3: li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
  j .
4: csrw mtvec, zero
  .word 0
`;

export const obedient = (): MachineSpec =>
  virtBoard({
    memory: 16 * MIB,
    boot: { kind: 'bios', bios: { name: 'obedient', bytes: assemble(OBEDIENT, { base: 0x8000_0000n }).bytes } },
  });

/** Options of {@link debian}: paths of what was prepared. */
export interface DebianOptions {
  readonly kernel: string;
  readonly initrd: string;
}

/** Debian that runs one command and powers off. */
export const debian = async (options: unknown): Promise<MachineSpec> => {
  const { kernel, initrd } = options as DebianOptions;
  return virtBoard({
    memory: 256 * MIB,
    boot: {
      kind: 'kernel',
      kernel: { name: 'kernel', bytes: await readFile(kernel) },
      initrd: { name: 'initrd', bytes: Buffer.concat([await readFile(initrd), execOverlay('uname -m')]) },
      commandLine: commandLine({ interactive: false }),
    },
    consoles: ['console0', 'console1', 'console2', 'console3'].map(pipeConsole),
  });
};

/** The engine has compiled and cached what it will; a part that fails on purpose where nobody catches it. */
export const crashing = (): MachineSpec => {
  setTimeout(() => {
    throw new Error('thrown on purpose');
  }, 50);
  return obedient();
};
