import type { BootImage, DeviceTreeNode } from '@vivarium/contracts';
import * as z from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes (Uint8Array)');
const image: z.ZodType<BootImage> = z.strictObject({ name: z.string().min(1).max(4096), bytes });
const node = z.custom<DeviceTreeNode>(
  (value) => typeof value === 'object' && value !== null && 'name' in value && 'properties' in value,
  'expected a device tree node',
);

/** Options of the bare firmware loader. */
export const bareOptions = z.strictObject({
  /** What runs at reset in M-mode: an ELF file at its own addresses, anything else at the start of RAM. */
  bios: image,
  /** What the firmware is to start: a Linux `Image` or raw bytes 2 MiB into RAM or behind the firmware, or an ELF file. */
  kernel: image.optional(),
  /** Initial RAM disk, handed over in `/chosen`. */
  initrd: image.optional(),
  /** `/chosen/bootargs`, at most 1023 bytes. */
  commandLine: z.string().default(''),
  /** Root properties of the device tree. */
  model: z.string().min(1).default('vivarium,virt'),
  compatible: z.array(z.string().min(1)).min(1).default(['riscv-virtio']),
  /** `/aliases`: alias → part id or path. */
  aliases: z.record(z.string(), z.string()).default({}),
  /** `/chosen/stdout-path`: part id, alias or path, with settings behind a colon. */
  stdoutPath: z.string().optional(),
  /** Nodes below the root of the device tree, as they are. */
  extraNodes: z.array(node).default([]),
});

export type BareOptions = z.infer<typeof bareOptions>;
