import { gzipSync } from 'node:zlib';
import {
  inflate,
  loadProgram,
  MemoryPlan,
  placeHandOver,
  placeProgram,
  readElfSymbols,
  readProgram,
} from '@vivarium/boot-image';
import { isVivariumError } from '@vivarium/contracts';
import { fakeMemory } from '@vivarium/testkit';
import { Choices } from '../engine/choices.ts';
import { type FuzzTarget, must } from '../engine/target.ts';

const RAM = 0x8000_0000;

/** A 64-bit RISC-V executable of two segments (System V ABI, chapters 4 and 5). */
const elf = (): Buffer => {
  const bytes = Buffer.alloc(0x400);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(243, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BigInt(RAM), 24);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  for (const [index, address] of [RAM, RAM + 0x1000].entries()) {
    const at = 64 + 56 * index;
    bytes.writeUInt32LE(1, at);
    bytes.writeUInt32LE(5, at + 4);
    bytes.writeBigUInt64LE(0x200n, at + 8);
    for (const field of [16, 24]) bytes.writeBigUInt64LE(BigInt(address), at + field);
    bytes.writeBigUInt64LE(0x100n, at + 32);
    bytes.writeBigUInt64LE(0x200n, at + 40);
    bytes.writeBigUInt64LE(0x1000n, at + 48);
  }
  return bytes;
};

/** The header of a Linux `Image` (Documentation/arch/riscv/boot-image-header.rst). */
const linux = (): Buffer => {
  const bytes = Buffer.alloc(0x400);
  bytes.writeUInt32LE(0x106f, 0);
  bytes.writeBigUInt64LE(0x20_0000n, 8);
  bytes.writeBigUInt64LE(0x1000n, 16);
  bytes.writeUInt32LE(2, 32);
  bytes.write('RISCV\0\0\0', 48, 'latin1');
  bytes.write('RSC\x05', 56, 'latin1');
  return bytes;
};

const IMAGES = [elf(), linux(), gzipSync(elf()), Buffer.from('MZ and so on'.padEnd(256))];

const spoil = (bytes: Buffer, choices: Choices): Buffer => {
  const at = choices.rarely(3) ? choices.u16() % bytes.length : choices.below(Math.min(bytes.length, 180));
  const kind = choices.below(5);
  if (kind === 0 && at + 8 <= bytes.length) bytes.writeBigUInt64LE(choices.wide(BigInt(RAM)), at & ~7);
  else if (kind === 1 && at + 4 <= bytes.length) bytes.writeUInt32LE(choices.size(), at & ~3);
  else if (kind === 2) bytes[at] = choices.byte();
  else if (kind === 3) return Buffer.from(bytes.subarray(0, Math.max(1, at)));
  else if (at + 2 <= bytes.length) bytes.writeUInt16LE(choices.u16(), at & ~1);
  return bytes;
};

/** Kernels and firmware with headers changed for the worse, from the file to guest memory. */
export const bootImage: FuzzTarget = {
  covers: ['packages/boot-image'],
  run: async (program, see) => {
    const [first = new Uint8Array(0), ...actions] = program;
    const start = new Choices(first);
    let bytes: Buffer = Buffer.from(start.pick(IMAGES));
    for (const action of actions) bytes = spoil(bytes, new Choices(action));
    const memory = fakeMemory({ size: 4 * 1024 * 1024, privateSize: 0 });
    const image = { name: 'hostile', bytes: Uint8Array.from(bytes) };
    try {
      const whole = await inflate(image);
      const read = readProgram(whole);
      see(read.kind);
      if (read.kind === 'elf') see(`symbols ${readElfSymbols(whole.bytes).length}`);
      const plan = new MemoryPlan(memory.banks);
      const placed = placeProgram(plan, read, start.size());
      must(loadProgram(memory, placed), 'what was placed must fit into memory');
      placeHandOver(plan, { name: 'initrd', bytes: new Uint8Array(start.size(5_000_000)) });
      see('loaded');
    } catch (error) {
      if (error instanceof Error && error.name === 'BrokenCondition') throw error;
      must(isVivariumError(error), `an image must be refused with a code, and was with ${String(error)}`);
      see(isVivariumError(error) ? error.code : '');
    }
  },
};
