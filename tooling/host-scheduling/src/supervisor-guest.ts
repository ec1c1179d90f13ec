import { virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { assemble } from '@vivarium/isa-riscv';

/** Where this guest has its steal time written to. */
export const SHMEM = 0x8100_0000;

const HEADER = 64;

/** Asks for steal time, and computes without end. */
const SOURCE = `
   j start
${'   nop\n'.repeat(HEADER / 4 - 1)}
start:
   li a0, ${SHMEM}
   li a1, 0
   li a2, 0
   li a6, 0
   li a7, 0x535441
   ecall
1: addi t0, t0, 1
   j 1b
`;

/** A kernel in S-mode that does nothing but ask for steal time, in the format of a Linux \`Image\`. */
export const supervisorGuest = (name: string): MachineSpec => {
  const { bytes } = assemble(SOURCE, { base: 0x8020_0000n });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setBigUint64(8, 0x20_0000n, true); // text_offset
  view.setBigUint64(16, BigInt(bytes.length), true); // image_size
  view.setBigUint64(24, 0n, true); // flags
  view.setUint32(48, 0x4353_4952, true); // magic: "RISCV"
  view.setUint32(52, 0x56, true);
  view.setUint32(56, 0x0543_5352, true); // magic2: "RSC\x05"
  return virtBoard({
    name,
    clock: 'virtual',
    memory: 32 * 1024 * 1024,
    consoles: [],
    boot: { kind: 'kernel', kernel: { name: 'kernel', bytes } },
  });
};
