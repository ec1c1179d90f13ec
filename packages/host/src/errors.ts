import { defineErrors } from '@vivarium/contracts';

/** Every error this package throws. */
export const errors = defineErrors({
  VIV_CELL_STATE: {
    when: 'A cell was asked for something that its state does not allow.',
    hint: 'Call run() once; pause, resume and reset only while it is in progress.',
  },
  VIV_CELL_LEASE: {
    when: 'A vCPU was granted a pCPU in a way that cannot be, or a cell cannot be run by grants.',
    hint: 'Grant a vCPU of the machine a whole number of nanoseconds once it has given back the last grant. Machines with a virtual clock need a thread with virtual time, and only those.',
  },
  VIV_CELL_PART_THREW: {
    when: 'A part threw while guest code was running. Guest-controlled paths must not throw: it is a bug of the part.',
    hint: 'Report it to the author of the part named in the stack of the cause.',
  },
});

export const errorTable = errors.table;
