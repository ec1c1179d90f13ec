import type { BootImage, DeviceTreeNode } from '@vivarium/contracts';
import * as z from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes (Uint8Array)');
const image: z.ZodType<BootImage> = z.strictObject({ name: z.string().min(1).max(4096), bytes });
const node = z.custom<DeviceTreeNode>(
  (value) => typeof value === 'object' && value !== null && 'name' in value && 'properties' in value,
  'expected a device tree node',
);

/** Options of the SBI firmware. */
export const sbiOptions = z.strictObject({
  /** A Linux `Image` (gzip is undone) or an ELF file that runs in S-mode. */
  kernel: image,
  /** Initial RAM disk, handed over in `/chosen`. */
  initrd: image.optional(),
  /** `/chosen/bootargs`, at most 1023 bytes. */
  commandLine: z.string().default(''),
  /** Hart that starts; the others wait for `sbi_hart_start`. */
  bootHart: z.int().min(0).default(0),
  /** Harts that may be started, those with the lowest ids; by default all. Changes while the machine runs. */
  allotment: z.int().min(1).optional(),
  /** Part id of the UART that is the debug console; by default the first on the bus. */
  console: z.string().optional(),
  /** Root properties of the device tree. */
  model: z.string().min(1).default('vivarium,virt'),
  compatible: z.array(z.string().min(1)).min(1).default(['riscv-virtio']),
  /** `/aliases`: alias → part id or path. */
  aliases: z.record(z.string(), z.string()).default({}),
  /** `/chosen/stdout-path`: part id, alias or path, with settings behind a colon. */
  stdoutPath: z.string().optional(),
  /** `/chosen/rng-seed`: bytes for a run that can be repeated; by default 32 fresh ones on a real clock, none on a virtual one. */
  rngSeed: bytes.optional(),
  /** Nodes below the root of the device tree, as they are. */
  extraNodes: z.array(node).default([]),
});

export type SbiOptions = z.infer<typeof sbiOptions>;
