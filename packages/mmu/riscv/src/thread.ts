/**
 * What a core loads on the thread of a vCPU: the MMU of that vCPU alone, over the linear memory that it shares with the
 * thread of its cell.
 *
 * @module
 */
import type { RiscvMmuThread } from '@vivarium/isa-riscv';
import { createMmu } from './mmu.ts';

export const openMmu: RiscvMmuThread['openMmu'] = (memory, { tlbEntries }) => createMmu(memory, tlbEntries);
