import type { BootImage } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { LittleEndian } from './little-endian.ts';

/** Fields of `Elf64_Ehdr` and `Elf64_Phdr` (System V ABI, chapters 4 and 5), byte offsets. */
const EHDR = { e_type: 16, e_machine: 18, e_entry: 24, e_phoff: 32, e_phentsize: 54, e_phnum: 56, length: 64 } as const;
const PHDR = { p_type: 0, p_offset: 8, p_vaddr: 16, p_paddr: 24, p_filesz: 32, p_memsz: 40, length: 56 } as const;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const EM_RISCV = 243;
const ET_EXEC = 2;
const ET_DYN = 3;
const PT_LOAD = 1;

/** Bytes that go to one guest-physical place, followed by zeros up to `memoryLength`. */
export interface LoadSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly memoryLength: number;
}

/** A segment of an ELF file, with the address that its code believes to be at. */
export interface ElfSegment extends LoadSegment {
  readonly virtualAddress: bigint;
}

/** A statically linked RISC-V program with its own addresses. */
export interface ElfImage {
  readonly kind: 'elf';
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Guest-physical. */
  readonly entry: number;
  /** By address; never empty, never overlapping. */
  readonly segments: readonly ElfSegment[];
}

const malformed = (message: string): Error => errors.make('VIV_IMAGE_MALFORMED', message);

const readSegment = (name: string, bytes: Uint8Array, at: number): ElfSegment | undefined => {
  const fields = new LittleEndian(bytes);
  const type = fields.u32(at + PHDR.p_type);
  const offset = fields.u64(at + PHDR.p_offset);
  const virtualAddress = fields.big64(at + PHDR.p_vaddr);
  const address = fields.u64(at + PHDR.p_paddr);
  const fileLength = fields.u64(at + PHDR.p_filesz);
  const memoryLength = fields.u64(at + PHDR.p_memsz);
  if (
    type === undefined ||
    offset === undefined ||
    virtualAddress === undefined ||
    address === undefined ||
    fileLength === undefined ||
    memoryLength === undefined
  ) {
    throw errors.make('VIV_IMAGE_TRUNCATED', `${name} ends inside of its program headers`);
  }
  if (type !== PT_LOAD || memoryLength === 0) {
    return undefined;
  }
  if (fileLength > memoryLength) {
    throw malformed(
      `${name} has a segment with more bytes in the file (${fileLength}) than in memory (${memoryLength})`,
    );
  }
  if (offset + fileLength > bytes.length) {
    throw errors.make(
      'VIV_IMAGE_TRUNCATED',
      `${name} has ${bytes.length} bytes, a segment ends at ${offset + fileLength}`,
    );
  }
  if (address + memoryLength > Number.MAX_SAFE_INTEGER) {
    throw malformed(`${name} has a segment at 0x${address.toString(16)}, beyond every physical address`);
  }
  return { address, virtualAddress, bytes: bytes.subarray(offset, offset + fileLength), memoryLength };
};

const refuseOverlap = (name: string, segments: readonly LoadSegment[]): void => {
  for (const [index, segment] of segments.entries()) {
    const before = segments[index - 1];
    if (before !== undefined && before.address + before.memoryLength > segment.address) {
      throw errors.make('VIV_IMAGE_OVERLAP', `${name} has two segments at 0x${segment.address.toString(16)}`);
    }
  }
};

/** Where a virtual address of a program lies in memory; undefined when it is in none of its segments. */
export const physicalAddress = (segments: readonly ElfSegment[], address: bigint): number | undefined => {
  const home = segments.find(
    ({ virtualAddress, memoryLength }) => address >= virtualAddress && address < virtualAddress + BigInt(memoryLength),
  );
  return home === undefined ? undefined : home.address + Number(address - home.virtualAddress);
};

/**
 * Reads a 64-bit little-endian RISC-V ELF file from untrusted bytes that carry its magic. Throws
 * `VIV_IMAGE_TRUNCATED`, `_FOREIGN`, `_MALFORMED`, `_OVERLAP`, `_ENTRY` or `_EMPTY`.
 */
export const readElf = ({ name, bytes }: BootImage): ElfImage => {
  const fields = new LittleEndian(bytes);
  const type = fields.u16(EHDR.e_type);
  const entry = fields.big64(EHDR.e_entry);
  const headersAt = fields.u64(EHDR.e_phoff);
  const headerLength = fields.u16(EHDR.e_phentsize);
  const count = fields.u16(EHDR.e_phnum);
  if (bytes.length < EHDR.length || entry === undefined || headersAt === undefined || count === undefined) {
    throw errors.make('VIV_IMAGE_TRUNCATED', `${name} ends inside of its ELF header`);
  }
  if (bytes[4] !== ELFCLASS64 || bytes[5] !== ELFDATA2LSB || fields.u16(EHDR.e_machine) !== EM_RISCV) {
    throw errors.make('VIV_IMAGE_FOREIGN', `${name} is not a 64-bit little-endian RISC-V file`);
  }
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw malformed(`${name} is an ELF file of type ${type}, not an executable`);
  }
  if (count > 0 && headerLength !== PHDR.length) {
    throw malformed(`${name} has program headers of ${headerLength} bytes, ${PHDR.length} is the only length`);
  }
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index += 1) {
    const segment = readSegment(name, bytes, headersAt + index * PHDR.length);
    if (segment !== undefined) {
      segments.push(segment);
    }
  }
  if (segments.length === 0) {
    throw errors.make('VIV_IMAGE_EMPTY', `${name} is an ELF file that loads nothing`);
  }
  segments.sort((left, right) => left.address - right.address);
  refuseOverlap(name, segments);
  // What starts the program jumps to a physical address.
  const start = physicalAddress(segments, entry);
  if (start === undefined) {
    throw errors.make('VIV_IMAGE_ENTRY', `${name} starts at 0x${entry.toString(16)}, which is in none of its segments`);
  }
  return { kind: 'elf', name, bytes, entry: start, segments };
};
