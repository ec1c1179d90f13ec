import type { BootImage } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { LittleEndian } from './little-endian.ts';

/**
 * The header of a RISC-V Linux `Image`: Documentation/arch/riscv/boot-image-header.rst of Linux. With an EFI stub
 * the first two bytes are "MZ", which is the harmless instruction `c.li s4,-13`; the rest is the same.
 */
const HEADER = {
  text_offset: 8,
  image_size: 16,
  flags: 24,
  version: 32,
  length: 64,
} as const;

/** Bit 0 of `flags`: the kernel is big-endian. */
const FLAG_BIG_ENDIAN = 1;

/** A Linux kernel that may lie anywhere 2 MiB-aligned in RAM; its entry is its first byte. */
export interface LinuxImage {
  readonly kind: 'linux-image';
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where it wants to lie, from the start of RAM in bytes. */
  readonly textOffset: number;
  /** Bytes of RAM that it takes, from its first byte on: more than the file, for it has zeroed data behind. */
  readonly memoryLength: number;
}

/** Reads the header of bytes that carry its magic. Throws `VIV_IMAGE_TRUNCATED`, `_MALFORMED` or `_FOREIGN`. */
export const readLinuxImage = ({ name, bytes }: BootImage): LinuxImage => {
  const fields = new LittleEndian(bytes);
  const textOffset = fields.u64(HEADER.text_offset);
  const imageSize = fields.u64(HEADER.image_size);
  const flags = fields.u32(HEADER.flags);
  const version = fields.u32(HEADER.version);
  if (
    bytes.length < HEADER.length ||
    textOffset === undefined ||
    imageSize === undefined ||
    flags === undefined ||
    version === undefined
  ) {
    throw errors.make('VIV_IMAGE_TRUNCATED', `${name} ends inside of the header of a Linux Image`);
  }
  if ((flags & FLAG_BIG_ENDIAN) !== 0) {
    throw errors.make('VIV_IMAGE_FOREIGN', `${name} is a big-endian RISC-V kernel`);
  }
  if (version >>> 16 !== 0) {
    throw errors.make(
      'VIV_IMAGE_MALFORMED',
      `${name} has a Linux Image header of version ${version >>> 16}, 0 is known`,
    );
  }
  if (textOffset > 2 ** 40 || imageSize > 2 ** 40) {
    throw errors.make('VIV_IMAGE_MALFORMED', `${name} asks for ${imageSize} bytes at offset ${textOffset}`);
  }
  return { kind: 'linux-image', name, bytes, textOffset, memoryLength: Math.max(imageSize, bytes.length) };
};
