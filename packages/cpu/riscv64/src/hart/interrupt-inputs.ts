import type { InterruptLine } from '@vivarium/contracts';
import { InterruptCause } from '@vivarium/isa-riscv';
import { type Interrupts, SSIP } from './interrupts.ts';

/** Inputs by name: bits of mip. */
const INPUTS: Readonly<Record<string, number>> = {
  ssip: InterruptCause.SupervisorSoftware,
  msip: InterruptCause.MachineSoftware,
  stip: InterruptCause.SupervisorTimer,
  mtip: InterruptCause.MachineTimer,
  seip: InterruptCause.SupervisorExternal,
  meip: InterruptCause.MachineExternal,
};

/** The line into the input `name`, undefined when there is none. `risen` is called after each rise. */
export const interruptInput = (interrupts: Interrupts, name: string, risen: () => void): InterruptLine | undefined => {
  const bit = INPUTS[name];
  if (bit === undefined) return undefined;
  if (bit === InterruptCause.SupervisorSoftware) return softwareInput(interrupts, risen);
  const mask = 1 << bit;
  return {
    set: (level) => {
      if (interrupts.drive(mask, level)) risen();
    },
  };
};

/** An edge: a rise sets mip.SSIP, which stays until software clears it (ACLINT specification, chapter 4). */
const softwareInput = (interrupts: Interrupts, risen: () => void): InterruptLine => {
  let high = false;
  return {
    set: (level) => {
      const rises = level && !high;
      high = level;
      if (!rises) return;
      interrupts.setSoftware(SSIP, SSIP);
      risen();
    },
  };
};
