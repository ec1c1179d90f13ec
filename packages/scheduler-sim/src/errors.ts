import { defineErrors } from '@vivarium/contracts';

/** Makes the errors of this package. */
export const errors = defineErrors({
  VIV_SIMULATION_STUCK: {
    when: 'A workload or a scheduler in a simulation does something over and over without letting time pass.',
    hint: 'Give the workload steps that take time; a scheduler must not give out empty slices or idle into the past.',
  },
  VIV_SIMULATION_VCPU: {
    when: 'A simulation is asked about a vCPU that it does not have.',
    hint: 'Spawn the vCPU first, and do not ask for it after it was removed.',
  },
  VIV_SIMULATION_SCHEDULER: {
    when: 'A scheduler gave a pCPU a vCPU that is asleep, runs elsewhere or does not exist.',
    hint: 'This is a bug of the scheduler; the message says what it did and when.',
  },
});

/** All errors of this package. */
export const errorTable = errors.table;
