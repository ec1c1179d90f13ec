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

const position = (program: LinuxImage | ElfImage | RawImage, ramBase: number, rawBase: number): PlacedProgram => {
  switch (program.kind) {
    case 'linux-image':
      return single(program.name, ramBase + program.textOffset, program.bytes, program.memoryLength);
    case 'raw':
      return single(program.name, rawBase, program.bytes, program.bytes.length);
    case 'elf':
      return { name: program.name, entry: program.entry, segments: program.segments };
  }
};

/**
 * Claims the memory of a program: a Linux `Image` lies at its text offset from the start of RAM, an ELF file where it
 * is linked, raw bytes at `rawBase`. Throws what {@link MemoryPlan.claim} does.
 */
export const placeProgram = (
  plan: MemoryPlan,
  program: LinuxImage | ElfImage | RawImage,
  rawBase: number = plan.main.base,
): PlacedProgram => {
  const placed = position(program, plan.main.base, rawBase);
  for (const { address, memoryLength } of placed.segments) {
    plan.claim({ name: placed.name, base: address, length: memoryLength });
  }
  return placed;
};

/** Writes a placed program, zeros behind its bytes included. False when the memory is not what was planned with. */
export const loadProgram = (memory: GuestMemory, program: PlacedProgram): boolean =>
  program.segments.every(({ address, bytes, memoryLength }) => {
    const room = memory.writableView(address, memoryLength);
    room?.set(bytes);
    room?.fill(0, bytes.length);
    return room !== undefined;
  });
