/**
 * Bootable images: readers for the Linux `Image` of RISC-V (Linux, Documentation/arch/riscv/boot-image-header.rst),
 * for 64-bit RISC-V ELF files (System V ABI, chapters 4 and 5) and for raw bytes, and a planner that finds each of
 * them, the initial RAM disk and the device tree a place in RAM. Images are untrusted: each reader throws coded
 * errors and nothing else, and names the architecture of an image that is for another one.
 *
 * @example
 * import { inflate, loadProgram, MemoryPlan, placeHandOver, placeProgram, readKernel } from '@vivarium/boot-image';
 * import type { BootImage, GuestMemory } from '@vivarium/contracts';
 *
 * export const boot = async (memory: GuestMemory, image: BootImage, initrd: BootImage): Promise<void> => {
 *   const plan = new MemoryPlan(memory.banks);
 *   const program = placeProgram(plan, readKernel(await inflate(image)));
 *   const { deviceTree } = placeHandOver(plan, initrd);
 *   loadProgram(memory, program);
 *   console.log('the device tree goes to', deviceTree, 'and everything to', plan.ranges);
 * };
 *
 * @module
 */
import { errors } from './errors.ts';

export { type ElfImage, type ElfSegment, type LoadSegment, physicalAddress, readElf } from './elf.ts';
export { type ElfSymbol, readElfSymbols } from './elf-symbols.ts';
export { DEVICE_TREE_SLOT, type HandOver, placeHandOver } from './hand-over.ts';
export { inflate, MAXIMUM_INFLATED } from './inflate.ts';
export { type LinuxImage, readLinuxImage } from './linux-image.ts';
export { MemoryPlan, type MemoryRange, type PlannedBank } from './memory-plan.ts';
export { loadProgram, type PlacedProgram, placeProgram } from './program.ts';
export { type RawImage, readKernel, readProgram } from './read.ts';
export { type Signature, signatureOf } from './signature.ts';

/** Every error of this package. */
export const errorTable = errors.table;
