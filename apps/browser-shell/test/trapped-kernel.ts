/**
 * A kernel that traps at its first instruction with no trap handler: every fetch of the handler, at address 0, traps
 * again. The header is that of Documentation/arch/riscv/boot-image-header.rst of Linux.
 */
export const trappedKernel = (): Uint8Array => {
  const image = new Uint8Array(4096);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0); // code0: all zeros is no instruction (The RISC-V Instruction Set Manual, volume I, 1.5)
  view.setBigUint64(8, 0x20_0000n, true); // text_offset
  view.setBigUint64(16, BigInt(image.length), true); // image_size
  view.setUint32(32, 2, true); // version 0.2
  view.setUint32(56, 0x0543_5352, true); // magic2, "RSC\x05"
  image.set(new TextEncoder().encode('RISCV'), 48); // magic
  return image;
};
