/**
 * Guest RAM in one WebAssembly linear memory, with a private area below it for the cores' registers, TLBs and caches.
 * Untouched pages cost the host nothing. Up to 4 GiB in all.
 *
 * @example
 * import { linearMemory } from '@vivarium/memory-linear';
 *
 * const part = { id: 'ram', plugin: linearMemory, options: { banks: [{ base: 0x80000000, size: 256 * 1024 * 1024 }] } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, MachineMemoryToken } from '@vivarium/contracts';
import * as z from 'zod';
import { errors, LinearMachineMemory } from './linear-memory.ts';

const bytes = z.number().int().nonnegative();

export const linearMemoryOptions = z.object({
  /** Guest-physical base and size of each bank in bytes, multiples of 4096. */
  banks: z
    .array(z.object({ base: bytes, size: bytes }))
    .min(1)
    .max(16),
  /** Bytes for the cores beside guest RAM. Default 128 MiB of address space, committed as used. */
  privateBytes: bytes.default(128 * 1024 * 1024),
  /** A SharedArrayBuffer underneath, so that vCPUs can run on several threads. */
  shared: z.boolean().default(false),
});

export const linearMemory = definePlugin({
  name: '@vivarium/memory-linear',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Guest RAM in a WebAssembly linear memory',
  provides: [MachineMemoryToken],
  options: linearMemoryOptions,
  setup: ({ options }) => ({ provides: [bind(MachineMemoryToken, new LinearMachineMemory(options))] }),
});

export default linearMemory;
export const errorTable = errors.table;
export type { GiveBack } from './give-back.ts';
export { LinearMachineMemory, type LinearMemoryOptions } from './linear-memory.ts';
export type { PagedRam } from './paged-ram.ts';
