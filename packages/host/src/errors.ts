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
  VIV_DISPATCH_DECISION: {
    when: 'A scheduler decided what is not possible: to run a vCPU that it was not given, or that runs already.',
    hint: 'Report it to the author of the scheduler; its pool picks again a millisecond later.',
  },
  VIV_DISPATCH_GUEST: {
    when: 'A guest is given pCPUs that has some already, or one that has none is changed.',
    hint: 'Give each guest a name of its own, and attach it once. What is over is not to be changed.',
  },
  VIV_DISPATCH_PCPU: {
    when: 'A pCPU is added where none can be, or taken away that there is none of.',
    hint: 'With virtual time there is exactly one pCPU. `pcpus` lists those there are.',
  },
  VIV_CELL_PART_THREW: {
    when: 'A part threw while guest code was running. Guest-controlled paths must not throw: it is a bug of the part.',
    hint: 'Report it to the author of the part named in the stack of the cause.',
  },
});

export const errorTable = errors.table;
