import type { MemoryPlan } from './memory-plan.ts';

const MIB = 1024 * 1024;

/** What a boot loader reserves for the device tree: Linux maps at most 2 MiB of it, aligned as large. */
export const DEVICE_TREE_SLOT = 2 * MIB;

/**
 * Device tree and initial RAM disk stay below 3 GiB, where QEMU's `virt` keeps them too, so that firmware with
 * 32-bit pointers and small early mappings reaches them.
 */
const CEILING = 3 * 1024 * MIB;

const PAGE = 4096;

/** Where the things lie that a boot loader hands to an operating system. Guest-physical. */
export interface HandOver {
  readonly deviceTree: number;
  readonly initrd: { readonly base: number; readonly length: number } | undefined;
}

/**
 * Claims the top of RAM for the device tree and, below it, for the initial RAM disk: far from the kernel, which may
 * grow at its start. Call it once the programs have their places. Throws `VIV_IMAGE_MEMORY_TOO_SMALL`.
 */
export const placeHandOver = (
  plan: MemoryPlan,
  initrd: { readonly name: string; readonly bytes: Uint8Array } | undefined,
): HandOver => {
  const limit = plan.main.base < CEILING ? CEILING : Number.MAX_SAFE_INTEGER;
  const deviceTree = plan.claimHigh('device tree', DEVICE_TREE_SLOT, DEVICE_TREE_SLOT, limit);
  if (initrd === undefined) {
    return { deviceTree, initrd: undefined };
  }
  const { length } = initrd.bytes;
  return { deviceTree, initrd: { base: plan.claimHigh(initrd.name, length, PAGE, limit), length } };
};
