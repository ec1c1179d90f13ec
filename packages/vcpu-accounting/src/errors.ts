import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_SCHEDULER_PARAMETER: {
    when: 'A parameter of a vCPU is out of range: its weight, cap, reservation, slice, affinity or number.',
    hint: 'The message names the parameter and its range; see VcpuParameters in @vivarium/contracts.',
  },
  VIV_SCHEDULER_TAKEN: {
    when: 'A vCPU or pCPU is added to a scheduler that has one of that number, or a vCPU that is not there is changed.',
    hint: 'Give every vCPU and pCPU of the host a number of its own, and add each to one CPU pool.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
