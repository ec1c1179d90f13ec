/**
 * RISC-V address translation: Sv39, Sv48 and Sv57 with Svnapot, Svpbmt, Svade and Svadu, physical memory protection
 * with 16 entries, and a software TLB in linear memory that cores look up inline.
 *
 * Specification: RISC-V Privileged Architecture 20241101, sections 3.7 (PMP) and 12.3–12.6 (virtual memory).
 *
 * @example
 * import { riscvMmu } from '@vivarium/mmu-riscv';
 *
 * const part = { id: 'mmu', plugin: riscvMmu, options: { tlbEntries: 512 } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, MachineMemoryToken } from '@vivarium/contracts';
import { RiscvMmuToken } from '@vivarium/isa-riscv';
import * as z from 'zod';
import { createMmu } from './mmu.ts';

/** What modules know of themselves in every runtime, and our library of types in some. */
interface ModuleAddress {
  resolve(specifier: string): string;
}

export const riscvMmuOptions = z.object({
  /** Entries of each TLB: read, write and fetch, for each of five regimes and each hart. A power of two; 1 MiB a hart by default. */
  tlbEntries: z
    .number()
    .int()
    .min(16)
    .max(65536)
    .refine((entries) => (entries & (entries - 1)) === 0, 'must be a power of two')
    .default(4096),
});

export const riscvMmu = definePlugin({
  name: '@vivarium/mmu-riscv',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'RISC-V address translation and physical memory protection',
  provides: [RiscvMmuToken],
  requires: [MachineMemoryToken],
  options: riscvMmuOptions,
  setup: (context) => {
    const { options } = context;
    const mmu = createMmu(context.get(MachineMemoryToken), options.tlbEntries);
    const thread = {
      tlbEntries: options.tlbEntries,
      // Asked for where threads are started alone: bundles for browsers have no such module.
      get module() {
        return (import.meta as ModuleAddress).resolve('@vivarium/mmu-riscv/thread');
      },
    };
    return { provides: [bind(RiscvMmuToken, { ...mmu, thread })] };
  },
});

export default riscvMmu;
