import { LittleEndian } from './little-endian.ts';

/** `e_machine` values that a user may meet (System V ABI, EM_*). */
const ELF_MACHINES: Readonly<Record<number, string>> = {
  2: 'SPARC',
  3: 'x86 (i386)',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC 64',
  22: 'S/390',
  40: 'ARM (32-bit)',
  43: 'SPARC V9',
  50: 'Itanium',
  62: 'x86-64',
  183: 'ARM 64 (AArch64)',
  243: 'RISC-V',
  247: 'BPF',
  258: 'LoongArch',
};

/** What some bytes are, as far as their first kilobyte tells. */
export type Signature =
  | { readonly kind: 'riscv-image' }
  | { readonly kind: 'elf'; readonly machine: number; readonly description: string }
  | { readonly kind: 'zboot' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'compressed'; readonly format: string }
  | { readonly kind: 'foreign'; readonly description: string }
  | { readonly kind: 'unknown' };

const ELF_MAGIC = 0x464c457f;
/** "RSC\x05" at 56 (Documentation/arch/riscv/boot-image-header.rst of Linux, `magic2`). */
const RISCV_IMAGE_MAGIC2 = 0x05435352;
/** "ARM\x64" at 56 (Documentation/arch/arm64/booting.rst). */
const ARM64_IMAGE_MAGIC = 0x644d5241;
/** Word 9 of a 32-bit ARM zImage. */
const ARM_ZIMAGE_MAGIC = 0x016f2818;
/** "HdrS" at 0x202 (Documentation/arch/x86/boot.rst). */
const X86_HEADER_MAGIC = 0x53726448;
/** "zimg" at 4, behind "MZ" (drivers/firmware/efi/libstub/zboot-header.S of Linux). */
const ZBOOT_MAGIC = 0x676d697a;

const COMPRESSIONS: readonly { readonly format: string; readonly magic: readonly number[] }[] = [
  { format: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { format: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { format: 'lz4', magic: [0x02, 0x21, 0x4c, 0x18] },
  { format: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18] },
  { format: 'lzma', magic: [0x5d, 0x00, 0x00] },
  { format: 'lzop', magic: [0x89, 0x4c, 0x5a, 0x4f] },
  { format: 'U-Boot legacy image', magic: [0x27, 0x05, 0x19, 0x56] },
  { format: 'flattened image tree', magic: [0xd0, 0x0d, 0xfe, 0xed] },
];

const describeElf = (bytes: Uint8Array, machine: number): string => {
  const bits = bytes[4] === 1 ? '32-bit' : '64-bit';
  const order = bytes[5] === 2 ? 'big-endian' : 'little-endian';
  return `${bits} ${order} ELF for ${ELF_MACHINES[machine] ?? `machine ${machine}`}`;
};

/** Recognises an image by its magic numbers; reads no further than its first kilobyte. */
export const signatureOf = (bytes: Uint8Array): Signature => {
  const fields = new LittleEndian(bytes);
  if (fields.u32(0) === ELF_MAGIC) {
    const low = bytes[18] ?? 0;
    const high = bytes[19] ?? 0;
    const machine = bytes[5] === 2 ? low * 256 + high : high * 256 + low;
    return { kind: 'elf', machine, description: describeElf(bytes, machine) };
  }
  if (fields.u32(56) === RISCV_IMAGE_MAGIC2) {
    return { kind: 'riscv-image' };
  }
  if (fields.u32(56) === ARM64_IMAGE_MAGIC) {
    return { kind: 'foreign', description: 'a Linux Image for ARM 64 (AArch64)' };
  }
  if (fields.u32(0x202) === X86_HEADER_MAGIC) {
    return { kind: 'foreign', description: 'a Linux bzImage for x86' };
  }
  if (fields.u32(36) === ARM_ZIMAGE_MAGIC) {
    return { kind: 'foreign', description: 'a Linux zImage for ARM (32-bit)' };
  }
  if (bytes[0] === 0x4d && bytes[1] === 0x5a && fields.u32(4) === ZBOOT_MAGIC) {
    return { kind: 'zboot' };
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    return { kind: 'gzip' };
  }
  const compression = COMPRESSIONS.find(({ magic }) => magic.every((byte, index) => bytes[index] === byte));
  return compression === undefined ? { kind: 'unknown' } : { kind: 'compressed', format: compression.format };
};
