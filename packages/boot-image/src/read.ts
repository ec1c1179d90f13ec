import type { BootImage } from '@vivarium/contracts';
import { type ElfImage, readElf } from './elf.ts';
import { errors } from './errors.ts';
import { type LinuxImage, readLinuxImage } from './linux-image.ts';
import { type Signature, signatureOf } from './signature.ts';

/** Bytes without a known header, for a place that someone else decides. */
export interface RawImage {
  readonly kind: 'raw';
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** `e_machine` of RISC-V. */
const EM_RISCV = 243;

const refuse = ({ name }: BootImage, signature: Signature): void => {
  switch (signature.kind) {
    case 'foreign':
      throw errors.make('VIV_IMAGE_FOREIGN', `${name} is ${signature.description}`);
    case 'elf':
      if (signature.machine !== EM_RISCV) {
        throw errors.make('VIV_IMAGE_FOREIGN', `${name} is a ${signature.description}`);
      }
      return;
    case 'gzip':
    case 'zboot':
      throw errors.make('VIV_IMAGE_COMPRESSED', `${name} is a compressed image (${signature.kind})`);
    default:
      return;
  }
};

const signatureOfImage = (image: BootImage): Signature => {
  if (image.bytes.length === 0) {
    throw errors.make('VIV_IMAGE_EMPTY', `${image.name} is empty`);
  }
  const signature = signatureOf(image.bytes);
  refuse(image, signature);
  return signature;
};

/**
 * Reads a kernel: a Linux `Image` or an ELF file for riscv64. Throws `VIV_IMAGE_EMPTY`, `_TRUNCATED`, `_FOREIGN`,
 * `_COMPRESSED`, `_NOT_KERNEL`, `_MALFORMED`, `_OVERLAP` or `_ENTRY`.
 */
export const readKernel = (image: BootImage): LinuxImage | ElfImage => {
  const signature = signatureOfImage(image);
  switch (signature.kind) {
    case 'riscv-image':
      return readLinuxImage(image);
    case 'elf':
      return readElf(image);
    case 'compressed':
      throw errors.make('VIV_IMAGE_COMPRESSED', `${image.name} is compressed or packed (${signature.format})`);
    default:
      throw errors.make('VIV_IMAGE_NOT_KERNEL', `${image.name} is neither a Linux Image nor an ELF file`);
  }
};

/**
 * Reads a program that runs on the bare machine, or a payload of one: an ELF file, a Linux `Image`, or anything else
 * as raw bytes. Throws as {@link readKernel} does, save `_NOT_KERNEL`.
 */
export const readProgram = (image: BootImage): LinuxImage | ElfImage | RawImage => {
  const signature = signatureOfImage(image);
  switch (signature.kind) {
    case 'riscv-image':
      return readLinuxImage(image);
    case 'elf':
      return readElf(image);
    default:
      return { kind: 'raw', name: image.name, bytes: image.bytes };
  }
};
