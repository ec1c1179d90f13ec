import { virtBoard } from '@vivarium/board-virt';
import type { MachineSpec } from '@vivarium/contracts';
import { assemble } from '@vivarium/isa-riscv';

const BASE = 0x8000_0000n;
/** Of the virtual clock of the board, one instruction. */
const INSTRUCTION = 10;
/** Of the board's time base, one tick of `mtime`. */
const TICK = 100;

/** What a small guest does, in M-mode and with nothing below it. Times are nanoseconds. */
export type BareWork =
  | { readonly kind: 'busy' }
  /** Computes for `service` in every `period`; what is late is done later, none is left out. */
  | { readonly kind: 'periodic'; readonly service: number; readonly period: number };

const BUSY = `
1: addi t0, t0, 1
   j 1b
`;

/** Two instructions a turn of the inner loop. */
const periodic = (service: number, period: number): string => `
   li s0, 0x2004000            # mtimecmp of hart 0
   li t1, 0x200bff8            # mtime
   ld s2, 0(t1)
   li t0, 0x80                 # MTIE: wakes wfi, mstatus.MIE stays 0
   csrw mie, t0
1: li t0, ${Math.round(service / INSTRUCTION / 2)}
2: addi t0, t0, -1
   bnez t0, 2b
   li t1, ${Math.round(period / TICK)}
   add s2, s2, t1
   sd s2, 0(s0)
3: wfi
   csrr t2, mip
   andi t2, t2, 0x80
   beqz t2, 3b
   j 1b
`;

/** A machine without devices that does that. */
export const bareGuest = (name: string, work: BareWork, clock: 'real' | 'virtual'): MachineSpec => {
  const source = work.kind === 'busy' ? BUSY : periodic(work.service, work.period);
  const { bytes } = assemble(source, { base: BASE });
  return virtBoard({
    name,
    clock,
    memory: 16 * 1024 * 1024,
    consoles: [],
    boot: { kind: 'bios', bios: { name: 'work.bin', bytes } },
  });
};
