import type { GuestMemory } from '@vivarium/contracts';
import type { ElfImage, LoadSegment } from './elf.ts';
import type { LinuxImage } from './linux-image.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { RawImage } from './read.ts';

/** A program that has its place: what to write where, and where it starts. Guest-physical addresses. */
export interface PlacedProgram {
  readonly name: string;
  readonly entry: number;
  readonly segments: readonly LoadSegment[];
}

const single = (name: string, address: number, bytes: Uint8Array, memoryLength: number): PlacedProgram => ({
  name,
  entry: address,
  segments: [{ address, bytes, memoryLength }],
});

/**
 * Claims the memory of a program: a Linux `Image` lies at its text offset from the start of RAM, an ELF file where it
 * is linked, raw bytes `rawOffset` bytes from the start of RAM. Throws what {@link MemoryPlan} does.
 */
export const placeProgram = (
  plan: MemoryPlan,
  program: LinuxImage | ElfImage | RawImage,
  rawOffset = 0,
): PlacedProgram => {
  const { name, bytes } = program;
  switch (program.kind) {
    case 'linux-image':
      plan.claimFromStart(name, program.textOffset, program.memoryLength);
      return single(name, plan.main.base + program.textOffset, bytes, program.memoryLength);
    case 'raw':
      plan.claimFromStart(name, rawOffset, bytes.length);
      return single(name, plan.main.base + rawOffset, bytes, bytes.length);
    case 'elf':
      for (const { address, memoryLength } of program.segments) {
        plan.claim({ name, base: address, length: memoryLength });
      }
      return { name, entry: program.entry, segments: program.segments };
  }
};

/** Writes a placed program, zeros behind its bytes included. False when the memory is not what was planned with. */
export const loadProgram = (memory: GuestMemory, program: PlacedProgram): boolean =>
  program.segments.every(({ address, bytes, memoryLength }) => {
    const room = memory.writableView(address, memoryLength);
    room?.set(bytes);
    room?.fill(0, bytes.length);
    return room !== undefined;
  });
