import type { MachineMemory } from '@vivarium/contracts';
import type { RiscvMmu } from '@vivarium/isa-riscv';
import { DirtyPages } from './dirty-pages.ts';
import { RiscvHartMmu } from './hart-mmu.ts';

/** Where the translation of a hart lies in linear memory, by the name that `carve` is told. */
export const OWNER = '@vivarium/mmu-riscv';

/** The MMU of a machine, with TLBs of so many entries. */
export const createMmu = (memory: MachineMemory, tlbEntries: number): RiscvMmu => {
  const harts: RiscvHartMmu[] = [];
  const dirty = new DirtyPages(memory, harts);
  // Whoever looks at a page in this window is to be seen. Code that was decoded is not read again.
  memory.paging?.onWindow(() => {
    for (const hart of harts) hart.flushData();
  });
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
