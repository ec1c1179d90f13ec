import type { MachineMemory } from '@vivarium/contracts';
import type { HartMmu, RiscvMmu } from '@vivarium/isa-riscv';
import { DirtyPages } from './dirty-pages.ts';
import { RiscvHartMmu } from './hart-mmu.ts';

/** Where the translation of a hart lies in linear memory, by the name that `carve` is told. */
export const OWNER = '@vivarium/mmu-riscv';

/** The MMU of a machine, with TLBs of so many entries. */
export const createMmu = (memory: MachineMemory, tlbEntries: number): RiscvMmu => {
  const harts: HartMmu[] = [];
  const dirty = new DirtyPages(memory, harts);
  return {
    memory,
    dirty,
    createHart: (control, code) => {
      const offset = memory.carve(OWNER, RiscvHartMmu.bytes(tlbEntries), 64);
      const hart = new RiscvHartMmu(memory, control, code, dirty, tlbEntries, offset);
      harts.push(hart);
      return hart;
    },
  };
};
