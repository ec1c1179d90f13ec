import { defineErrors } from '@vivarium/contracts';

export const errors = defineErrors({
  VIV_IMAGE_EMPTY: {
    when: 'An image has no bytes.',
    hint: 'Check that the file was written completely.',
  },
  VIV_IMAGE_TRUNCATED: {
    when: 'An image ends before what its header promises.',
    hint: 'The file was cut off: fetch or build it again.',
  },
  VIV_IMAGE_FOREIGN: {
    when: 'An image is for another architecture.',
    hint: 'Take an image built for 64-bit little-endian RISC-V (riscv64).',
  },
  VIV_IMAGE_NOT_KERNEL: {
    when: 'An image given as kernel is neither a Linux Image nor an ELF file.',
    hint: 'Give the uncompressed `Image` of a Linux build (Debian calls it vmlinux or vmlinuz), or an ELF file.',
  },
  VIV_IMAGE_COMPRESSED: {
    when: 'An image is compressed in a way that is not undone here, or was given where it must be plain.',
    hint: 'Decompress it first; gzip is undone on the way when the image goes through `inflate`.',
  },
  VIV_IMAGE_MALFORMED: {
    when: 'The headers of an image contradict themselves.',
    hint: 'Check the file with `readelf -a` or `file`; it is damaged.',
  },
  VIV_IMAGE_OVERLAP: {
    when: 'Two segments of an ELF file, or two images, want the same memory.',
    hint: 'Link the image with distinct physical addresses, or give it other places.',
  },
  VIV_IMAGE_ENTRY: {
    when: 'The entry point of an image is not inside of what it loads.',
    hint: 'Check ENTRY and the load addresses in the linker script.',
  },
  VIV_IMAGE_OUTSIDE_MEMORY: {
    when: "An image wants addresses that are not in the machine's RAM.",
    hint: 'Link the image for the memory map of the board, or give the machine more memory.',
  },
  VIV_IMAGE_MEMORY_TOO_SMALL: {
    when: 'Kernel, initial RAM disk and device tree do not fit into RAM together.',
    hint: 'Give the machine more memory, or a smaller image.',
  },
  VIV_IMAGE_TOO_LARGE: {
    when: 'A compressed image grows beyond the cap while it is inflated.',
    hint: 'Decompress it first and check its size; no kernel is that large.',
  },
});
